"""Control of sequential pneumatic compression boots."""
