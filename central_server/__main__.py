"""python -m central_server"""

from central_server.cli import main

main()
