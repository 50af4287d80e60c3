# Gives this shell `boots`, `colcon build` and the messages: source env.sh
#
# For bash and zsh, from any folder, also under `set -eu`. What you have set yourself stays:
# ROS_DOMAIN_ID, ROS_LOG_DIR, RMW_IMPLEMENTATION, ROS_AUTOMATIC_DISCOVERY_RANGE and the Fast DDS
# profile. To open the system to a network, point FASTRTPS_DEFAULT_PROFILES_FILE elsewhere.

_boots_activate() {
  local root="$1" shell="$2" ros range=LOCALHOST
  local loopback="$root/config/fastdds_loopback.xml"
  if [ ! -f "$root/install/.set_up_stamp.json" ]; then
    echo "env.sh: nothing is built yet in $root: run 'make build' there first" >&2
    return 1
  fi

  # Written by the set-up: the ROS 2 installation that the build uses, nothing for the wheels.
  ros="$(cat "$root/.venv/ros_prefix")"
  if [ -n "$ros" ]; then
    case ":${AMENT_PREFIX_PATH:-}:" in
      *":$ros:"*) ;;
      *)
        echo "env.sh: this build uses the ROS 2 in $ros: source $ros/setup.$shell first" >&2
        return 1
        ;;
    esac
  else
    # Only these two sources of ROS packages: a third could hold another distribution, or the same
    # libraries for another Python.
    export AMENT_PREFIX_PATH="$root/.venv"
    unset CMAKE_PREFIX_PATH COLCON_PREFIX_PATH LD_LIBRARY_PATH PYTHONPATH
    # Left by a node of another checkout; with it, this one's Python would not find its libraries.
    unset _ROS_WHEELS_BOOTSTRAP_COMPLETE
  fi
  unset PYTHONHOME

  export VIRTUAL_ENV="$root/.venv"
  case ":$PATH:" in
    *":$VIRTUAL_ENV/bin:"*) ;;
    *) export PATH="$VIRTUAL_ENV/bin:$PATH" ;;
  esac

  # Traffic stays on this machine: by the profile, which wants its settings left alone. Whoever
  # brings a profile or another middleware gets the range that ROS itself keeps to this machine.
  export RMW_IMPLEMENTATION="${RMW_IMPLEMENTATION:-rmw_fastrtps_cpp}"
  if [ -n "${FASTRTPS_DEFAULT_PROFILES_FILE:-}" ] && [ ! -r "$FASTRTPS_DEFAULT_PROFILES_FILE" ]; then
    # Fast DDS would go on without it, and that is on every interface.
    echo "env.sh: $FASTRTPS_DEFAULT_PROFILES_FILE cannot be read: using $loopback" >&2
    unset FASTRTPS_DEFAULT_PROFILES_FILE FASTDDS_DEFAULT_PROFILES_FILE
  fi
  export FASTRTPS_DEFAULT_PROFILES_FILE="${FASTRTPS_DEFAULT_PROFILES_FILE:-$loopback}"
  if [ "$FASTRTPS_DEFAULT_PROFILES_FILE" = "$loopback" ] && [ -r "$loopback" ] &&
    [ "$RMW_IMPLEMENTATION" = rmw_fastrtps_cpp ]; then
    range=SYSTEM_DEFAULT
  fi
  export ROS_AUTOMATIC_DISCOVERY_RANGE="${ROS_AUTOMATIC_DISCOVERY_RANGE:-$range}"
  # Fast DDS 3 reads this name, Fast DDS 2 (Jazzy) the other.
  export FASTDDS_DEFAULT_PROFILES_FILE="${FASTDDS_DEFAULT_PROFILES_FILE:-$FASTRTPS_DEFAULT_PROFILES_FILE}"

  # Every process leaves a log file: here they are found, and `make clean` removes them.
  export ROS_LOG_DIR="${ROS_LOG_DIR:-$root/log/ros}"
  mkdir -p "$ROS_LOG_DIR" 2>/dev/null || true
}

_boots_source() {
  # colcon's scripts use unset variables and failing tests.
  local options="$-"
  set +eu
  . "$1"
  # An empty entry would make the loader look in the current folder.
  export LD_LIBRARY_PATH="${LD_LIBRARY_PATH%:}"
  case "$options" in *u*) set -u ;; esac
  case "$options" in *e*) set -e ;; esac
}

if [ -n "${BASH_VERSION:-}" ]; then
  if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    echo 'env.sh: it was run, which changes nothing in your shell: source env.sh' >&2
    exit 1
  fi
  _boots_root="$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
  _boots_shell=bash
elif [ -n "${ZSH_VERSION:-}" ]; then
  eval '_boots_root="${${(%):-%x}:A:h}"' # zsh's own syntax, hidden from bash
  _boots_shell=zsh
else
  echo 'env.sh: this shell is neither bash nor zsh: start one of them, then source env.sh again' >&2
  return 1
fi

if _boots_activate "$_boots_root" "$_boots_shell"; then
  _boots_source "$_boots_root/install/local_setup.$_boots_shell"
  unset -f _boots_activate _boots_source
  unset _boots_root _boots_shell
else
  unset -f _boots_activate _boots_source
  unset _boots_root _boots_shell
  return 1
fi
