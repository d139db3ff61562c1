"""Every sentence in English. Blanks are filled with escaped data; marks never stand without words."""

from bot.views.catalogue_en_cards import SENTENCES as CARDS
from bot.views.catalogue_en_day import SENTENCES as DAY
from bot.views.catalogue_en_forms import SENTENCES as FORMS
from bot.views.catalogue_en_home import SENTENCES as HOME
from bot.views.catalogue_en_notices import SENTENCES as NOTICES

SENTENCES = CARDS | DAY | FORMS | HOME | NOTICES
