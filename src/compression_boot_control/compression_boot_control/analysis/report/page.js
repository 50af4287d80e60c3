'use strict';
// Draws the figures of each session. Fixed ones come as plotly specifications; those that depend
// on a choice are made here from the curves of the cycles and the values by cycle.
(() => {
  const INK = '#1b1f24', QUIET = '#9ca3af', RULE = '#d9dde3', RED = '#dc2626';
  const CONFIG = { responsive: true, displaylogo: false,
    modeBarButtonsToRemove: ['lasso2d', 'select2d', 'autoScale2d'] };

  const unpack = (packed) => {
    const bytes = Uint8Array.from(atob(packed.bdata), (c) => c.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  };

  const base = (height) => ({
    height, margin: { l: 60, r: 20, t: 36, b: 45 }, hovermode: 'closest', showlegend: false,
    font: { family: 'system-ui, sans-serif', size: 12, color: INK },
    paper_bgcolor: 'white', plot_bgcolor: 'white', annotations: [],
    xaxis: { gridcolor: RULE, zeroline: false }, yaxis: { gridcolor: RULE, zeroline: false },
  });

  const heading = (text, x, y) => ({ text: `<b>${text}</b>`, x, y, xref: 'paper', yref: 'paper',
    xanchor: 'left', yanchor: 'bottom', showarrow: false, font: { size: 12 } });

  const suffix = (n) => (n === 0 ? '' : String(n + 1));

  function curvesOf(session) {
    const { cycles, chambers, grid } = session.curves;
    const values = unpack(session.curves.pressure), time = unpack(grid), points = time.length;
    const at = (k, i) => values.subarray((k * chambers.length + i) * points,
      (k * chambers.length + i + 1) * points);
    // most cycles are about this long; the first one, which fills slack chambers, may be far longer
    const lengths = cycles.map((_, k) => {
      const own = at(k, 0);
      let last = points - 1;
      while (last > 0 && Number.isNaN(own[last])) last -= 1;
      return time[last];
    }).sort((a, b) => a - b);
    const range = [time[0], 1.05 * lengths[lengths.length >> 1]];
    return { cycles, chambers, time, at, lengths, range };
  }

  // zones of a leg above each other, foot at the bottom
  function drawWave(place, session, curves, k) {
    const legs = session.legs, layout = base(120 + 58 * Math.max(...legs.map((l) => l.length)));
    const data = [];
    let top = 1, last = curves.time.length - 1;
    while (last > 0 && Number.isNaN(curves.at(k, 0)[last])) last -= 1;
    const wide = [curves.time[0], curves.time[last] + 1];
    for (const leg of legs) for (const c of leg) {
      for (const p of curves.at(k, c.index)) if (p > top) top = p;
    }
    legs.forEach((leg, column) => {
      const axis = suffix(column), width = 1 / legs.length;
      layout[`xaxis${axis}`] = { domain: [column * width, (column + 0.92) * width],
        title: { text: 'time in the cycle [s]' }, range: wide, gridcolor: RULE, zeroline: false,
        anchor: `y${axis}` };
      layout[`yaxis${axis}`] = { anchor: `x${axis}`, tickvals: leg.map((_, n) => n),
        ticktext: leg.map((c) => c.zone), range: [-0.1, leg.length + 0.1], gridcolor: RULE,
        zeroline: false };
      layout.annotations.push(heading(leg[0].leg ? `${leg[0].leg} leg` : '', column * width, 1));
      leg.forEach((c, n) => {
        const own = curves.at(k, c.index), y = Array.from(own, (p) => n + 0.92 * p / top);
        const x = Array.from(curves.time);
        data.push({ type: 'scatter', mode: 'lines', x, y: x.map(() => n), hoverinfo: 'skip',
          line: { width: 0 }, xaxis: `x${axis}`, yaxis: `y${axis}` });
        data.push({ type: 'scatter', mode: 'lines', x, y, fill: 'tonexty', fillcolor: c.colour + '44',
          line: { color: c.colour, width: 2 }, xaxis: `x${axis}`, yaxis: `y${axis}`,
          text: Array.from(own, (p) => `${p.toFixed(1)} mmHg`),
          hovertemplate: `${c.name} %{text}<extra></extra>` });
      });
    });
    Plotly.react(place, data, layout, CONFIG);
  }

  // the chosen cycle on all cycles, one panel a chamber
  function drawOverlay(place, session, curves, k) {
    const legs = session.legs, columns = Math.max(...legs.map((leg) => leg.length));
    const layout = base(90 + 190 * legs.length), data = [];
    const width = 1 / columns, height = 1 / legs.length;
    const count = curves.cycles.length, points = curves.time.length;
    const x = Array.from(curves.time);
    let top = 10;
    for (let m = 0; m < count; m += 1) for (const leg of legs) for (const c of leg) {
      for (const p of curves.at(m, c.index)) if (p > top) top = p;
    }
    legs.forEach((leg, row) => leg.forEach((c, column) => {
      const n = row * columns + column, axis = suffix(n), low = 1 - (row + 1) * height;
      layout[`xaxis${axis}`] = { domain: [column * width, (column + 0.88) * width],
        anchor: `y${axis}`, gridcolor: RULE, zeroline: false, matches: n ? 'x' : undefined,
        range: curves.range, title: row === legs.length - 1 ? { text: 's' } : undefined };
      layout[`yaxis${axis}`] = { domain: [low + 0.12 * height, low + 0.86 * height],
        anchor: `x${axis}`, gridcolor: RULE, zeroline: false, matches: n ? 'y' : undefined,
        range: [-0.03 * top, 1.08 * top],
        title: column === 0 ? { text: 'mmHg' } : undefined };
      layout.annotations.push(heading(c.name, column * width, low + 0.87 * height));
      const ax = { xaxis: `x${axis}`, yaxis: `y${axis}` };
      const allX = [], allY = [], median = new Array(points);
      for (let m = 0; m < count; m += 1) {
        const own = curves.at(m, c.index);
        for (let g = 0; g < points; g += 1) { allX.push(x[g]); allY.push(own[g]); }
        allX.push(null); allY.push(null);
      }
      for (let g = 0; g < points; g += 1) {
        const known = [];
        for (let m = 0; m < count; m += 1) {
          const p = curves.at(m, c.index)[g];
          if (!Number.isNaN(p)) known.push(p);
        }
        known.sort((a, b) => a - b);
        median[g] = 2 * known.length >= count ? known[known.length >> 1] : null;
      }
      data.push({ type: 'scatter', mode: 'lines', x: allX, y: allY, hoverinfo: 'skip',
        line: { color: QUIET, width: 0.7 }, opacity: 0.55, ...ax });
      data.push({ type: 'scatter', mode: 'lines', x, y: median, line: { color: INK, width: 1.4 },
        hovertemplate: `median %{y:.1f} mmHg<extra></extra>`, ...ax });
      data.push({ type: 'scatter', mode: 'lines', x, y: Array.from(curves.at(k, c.index)),
        line: { color: RED, width: 1.6 },
        hovertemplate: `cycle ${curves.cycles[k]} %{y:.1f} mmHg<extra></extra>`, ...ax });
    }));
    Plotly.react(place, data, layout, CONFIG);
  }

  // a metric by cycle
  function drawTrend(place, session, metric) {
    const layout = { ...base(320), showlegend: true };
    layout.xaxis.title = { text: metric.every };
    layout.yaxis.title = { text: `${metric.title}${metric.unit ? ` [${metric.unit}]` : ''}` };
    const data = metric.lines.map((line) => ({ type: 'scatter', mode: 'lines+markers',
      name: line.name, x: line.x, y: line.y, line: { color: line.colour, width: 1.2,
        dash: line.dash }, marker: { size: 5 },
      hovertemplate: `${line.name}: %{y:.3~g} ${metric.unit}<extra></extra>` }));
    Plotly.react(place, data, layout, CONFIG);
  }

  function fill(select, names, chosen) {
    names.forEach((name, n) => select.add(new Option(name, n, n === chosen, n === chosen)));
  }

  function drawSession(section, session) {
    const place = (name) => section.querySelector(`[data-plot="${name}"]`);
    for (const [name, figure] of Object.entries(session.figures)) {
      if (figure && place(name)) Plotly.newPlot(place(name), figure.data, figure.layout, CONFIG);
    }
    if (session.curves && session.curves.cycles.length) {
      const curves = curvesOf(session), select = section.querySelector('select.cycle');
      const draw = () => {
        drawWave(place('wave'), session, curves, Number(select.value));
        drawOverlay(place('overlay'), session, curves, Number(select.value));
      };
      fill(select, curves.cycles.map((n) => `cycle ${n}`), session.curves.chosen);
      select.addEventListener('change', draw);
      draw();
    }
    if (session.trends.length) {
      const select = section.querySelector('select.trend');
      const draw = () => drawTrend(place('trend'), session, session.trends[Number(select.value)]);
      fill(select, session.trends.map((metric) => metric.title), session.trend);
      select.addEventListener('change', draw);
      draw();
    }
  }

  function drawComparison(section, comparison) {
    for (const [name, figure] of Object.entries(comparison.figures)) {
      const place = section.querySelector(`[data-plot="${name}"]`);
      if (figure && place) Plotly.newPlot(place, figure.data, figure.layout, CONFIG);
    }
  }

  window.addEventListener('DOMContentLoaded', () => {
    document.querySelectorAll('section[data-session]').forEach((section) => {
      const text = section.querySelector('script[type="application/json"]').textContent;
      const session = JSON.parse(text);
      if (session.comparison) drawComparison(section, session);
      else drawSession(section, session);
    });
    document.body.dataset.drawn = 'yes';
  });
})();
