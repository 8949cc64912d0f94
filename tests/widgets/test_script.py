from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from proml_lab.widgets.browse import Browse
from proml_lab.widgets.script import joined


def test_modules_become_one_each_once_before_who_needs_it(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("export const one = 1;\n")
    (tmp_path / "b.js").write_text('import { one } from "./a.js";\nexport function two() {}\n')
    (tmp_path / "c.js").write_text(
        'import { one } from "./a.js";\nimport { two } from "./b.js";\n'
        "export default { one, two };\n"
    )
    assert joined(tmp_path / "c.js") == (
        "const one = 1;\n\nfunction two() {}\n\nexport default { one, two };\n"
    )


def test_the_browser_names_everything_once() -> None:
    script = str(Browse._esm)
    found = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", script, re.MULTILINE)
    listed = re.findall(r"^const \[([\w, ]+)\]", script, re.MULTILINE)
    names = Counter([*found, *(name for some in listed for name in some.split(", "))])
    assert len(names) > 30
    assert [name for name, n in names.items() if n > 1] == []
    assert re.findall(r"^(?:import|export) .*", script, re.MULTILINE) == [
        "export default { render };"
    ]
