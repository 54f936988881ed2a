// Everything here improves pages that already work without it.
import { searchBoxes } from "./search-box.js";
import { articleAids } from "./article.js";
import { copyButtons } from "./copy.js";
import { menus, shortcuts, themeChoice } from "./page.js";

document.documentElement.classList.add("js");
searchBoxes();
copyButtons();
menus();
shortcuts();
themeChoice();
articleAids();
