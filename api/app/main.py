"""What `uvicorn app.main:app` starts: the application with the settings of the environment."""

import sys

from app.application import create_app
from app.core.settings import SettingsError, load_settings

try:
    settings = load_settings()
except SettingsError as error:
    sys.stderr.write(f"users-service: {error}\n")
    # uvicorn's own status for a failed start: its supervisor of several workers gives up on this
    # one and would restart a worker that ends with any other, for ever.
    sys.exit(3)

app = create_app(settings)
