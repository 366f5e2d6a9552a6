"""An editor of the catalogue who is logged in."""

import aiohttp
import pytest

from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Donor
from tests.fakes.editor import Editor
from tests.unit.central_server.staff.test_staff import logged_in


@pytest.fixture
async def editor(central: RunningCentral, session: aiohttp.ClientSession, donor: Donor) -> Editor:
    await logged_in(central, donor)
    return Editor(session, central.url)
