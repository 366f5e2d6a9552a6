from daemonkit.light_structlog import import_structlog

import_structlog()
