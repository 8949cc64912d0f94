# ruff: noqa: E501
"""For each code, notebooks that have it and near ones that have not.

A case is the cells after an empty parameters cell; a tuple of cells, or one cell's source.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.promote.lint.conftest import Cell, code, parameters, text

Case = str | dict[str, Any] | tuple[Cell, ...]
KEY = "AKIA" + "Q3EGRZ7XNMKPLWTB"  # in two parts, so that nobody takes this file for a leak
TOKEN = "ghp_" + "a8Kq2LmZx9Rv4TbY7Wc1Nd5Pf3Hs6JuE0Go2"
NOISE = "zK4vN8qW1xR7tB3m" + "YpL6sD9fGhJ2cXaE5uT0oQiZ"
WIDGET = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}, "text/plain": "Browse()"}


def shown(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


def stream(said: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": said}


def result(count: int | None) -> dict[str, Any]:
    data = {"text/plain": "1"}
    return {"output_type": "execute_result", "metadata": {}, "data": data, "execution_count": count}


def failed(count: int, number: int, line: str) -> dict[str, Any]:
    frame = f"\x1b[0;36mCell \x1b[0;32mIn[{count}], line {number}\x1b[0m\n"
    arrow = f"\x1b[0;32m----> {number}\x1b[0m {line}\n      {number + 1} z\n"
    traceback = ["-----", "Traceback (most recent call last)", frame + arrow, "KeyError: 1"]
    return {"output_type": "error", "ename": "KeyError", "evalue": "1", "traceback": traceback}


def ran(source: str, count: int, *outputs: dict[str, Any]) -> dict[str, Any]:
    return code(source, execution_count=count, outputs=list(outputs))


HAVE: dict[str, tuple[Case, ...]] = {
    "PN001": ((code("n = 3"),), (text("# parameters"),)),
    "PN002": ((parameters("n = 1"), parameters("m = 1")),),
    "PN003": (
        (parameters("n = len('abc')"),),
        (parameters("import os\nn: list = []\nm = os.getcwd()"),),
        (parameters("%matplotlib inline\nn = 3"),),
        (parameters("n: int = 3 * 2"),),
        (parameters("n: int = 3\nn += 1"),),
        (parameters("a, b = 1, 2"),),
        (parameters("if True:\n    a: int = 1"),),
        (parameters("import os\nn: int = 3"),),
        (parameters("n: int = 3\nprint(n)"),),
    ),
    "PN004": ((parameters("n: int"),),),
    "PN005": ("x = = 1", "return 3", "for x in y print(x)", "print 'a'", "def f(:\n  1"),
    "PN006": (
        (parameters("n: int = 3"), "n = 4"),
        (parameters("n: int = 3"), "n += 1"),
        (parameters("n: int = 3"), "for n in [1]:\n    pass"),
        (parameters("n: int = 3"), "import os as n"),
    ),
    "PN010": ((ran("1", 2), ran("2", 1)), (ran("1", 3), code("2"), ran("3", 3))),
    "PN011": (
        code("1", execution_count=3, outputs=[result(2)]),
        code("1", outputs=[stream("a")]),
        ran("x = {}\ny = x[1]", 4, failed(4, 2, "x['gone']")),
    ),
    "PN012": ((ran("1", 1), code("2")),),
    "PN020": (("x", "x = 1"),),
    "PN021": ("x",),
    "PN022": ("if 1 < 2:\n    x",),
    "PN030": (
        "import polars as pl\nOUT = '/srv/share'\npl.read_csv(f'{OUT}/a.csv')",
        "load = input\nload('/data/flights.csv')",
        "from pathlib import Path\ntexts = {'a': '/data/a.csv'}\nPath(texts['a']).exists()",
        "for name in ['/data/a.csv', '/data/b.csv']:\n    open(name).close()",
        f"print('{Path.home()}/a.csv')",

        "path = '/home/ada/flights.csv'",
        "open('/data.csv')",
        "path = r'C:\\flights\\a.csv'",
        "path = '~/flights.csv'",
        "import polars as pl\nn = 1\npl.read_csv(f'/mnt/share/{n}.csv')",
        "from pathlib import Path\nPath('/data') / 'a.csv'\n(Path('/data') / 'a.csv').read_text()",
    ),
    "PN031": (
        "import pandas as pd\npd.read_csv('a.csv')",
        "import polars as pl\nfolder = 'data'\npl.scan_parquet(folder + '/a.parquet')",
        "from polars import read_csv\nread_csv(source='a.csv')",
        "with open('a.txt') as file:\n    print(file.read())",
        "from pathlib import Path\nPath('a', 'b.txt').read_text()",
        "from pathlib import Path\n(Path('a') / 'b.txt').open()",
        "import numpy\nnumpy.load('a.npy')",
        "import os.path\nopen(os.path.join('a', 'b.txt'), 'rb')",
    ),
    "PN032": (
        "import polars as pl\nOUT = '/srv/share'\npl.DataFrame().write_parquet(f'{OUT}/x.parquet')",
        "from pathlib import Path\nimport pandas as pd\nOUT = Path('/srv') / 'share'\npd.DataFrame().to_parquet(OUT / 'x')",
        "from pathlib import Path\nout = Path('/srv')\nout.joinpath('a', 'b').write_text('a')",
        "n = 3\nopen(f'/srv/out{n}.txt', 'w')",

        "open('/srv/out.txt', 'w')",
        "from pathlib import Path\n"
        "Path('../../../../../../../../../../../../srv/out.txt').write_text('a')",
        "from pathlib import Path\n(Path.home() / 'out.txt').write_text('a')",
        "import polars as pl\npl.DataFrame().write_csv('~/out.csv')",
        "import numpy as np\nnp.save('/srv/a.npy', np.ones(3))",
        "import matplotlib.pyplot as plt\nplt.savefig('/srv/a.png')",
        "import shutil\nshutil.copy('a', '../../../../../../../../../../../../srv/b')",
        "%%writefile /srv/a.py\nx = 1",
    ),
    "PN040": (
        "import requests",
        "from urllib.request import urlopen",
        "import urllib.request as u\nu.urlopen('x')",
        "import socket\nsocket.create_connection(('a', 1))",
        "import pandas as pd\npd.read_csv('https://example.org/a.csv')",
        "import polars as pl\nbase = 's3://bucket'\npl.scan_parquet(base + '/a.parquet')",
        "from sklearn.datasets import fetch_openml\nfetch_openml('x')",
    ),
    "PN050": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndf.sample(3)",
        "import polars as pl\nrows = pl.DataFrame({'a': [1]})\nfew = rows.filter(pl.col('a') > 0)\nfew['a'].sample(3)",
        "import lightgbm as lgb\nparams = {'objective': 'binary'}\nparams['num_leaves'] = 3\nlgb.train(params, None)",
        "import lightgbm as lgb\nlgb.train(dict(objective='binary'), None)",

        "import numpy as np\nnp.random.rand(3)",
        "import random\nrandom.choice([1])",
        "from random import shuffle\nshuffle([1])",
        "import torch\ntorch.randn(3)",
        "from torch.utils.data import DataLoader\nDataLoader([1], shuffle=True)",
        "import lightgbm as lgb\nlgb.LGBMClassifier(n_estimators=3)",
        "import lightgbm as lgb\nlgb.train({'objective': 'binary'}, None)",
        "from sklearn.model_selection import train_test_split as split\nsplit([1], [2])",
        "from sklearn.ensemble import RandomForestClassifier\nRandomForestClassifier()",
        "from sklearn.model_selection import KFold\nKFold(3, shuffle=True)",
        "import polars as pl\npl.DataFrame({'a': [1]}).sample(fraction=0.5)",
        ("import numpy as np\nnp.random.rand(3)", "np.random.seed(3)"),
    ),
    "PN051": (
        "import numpy as np\nnp.random.default_rng()",
        "from numpy.random import default_rng as rng\nrng(None).normal()",
        "import numpy as np\nnp.random.seed()",
        "import random\nrandom.Random().random()",
        "import random\nrandom.SystemRandom()",
        "import uuid\nuuid.uuid4()",
        "import os\nos.urandom(8)",
    ),
    "PN060": (
        (parameters("from datetime import date\nd: date = date.today()"),),
        "import pandas as pd\ndf = pd.DataFrame({'d': []})\ndf[df.d < pd.Timestamp('today')]",
        "import pandas as pd\ndf = pd.DataFrame({'d': []})\nnow = pd.Timestamp('now')\ndf.loc[df.d < now]",

        "from datetime import date\nday = date.today()\nrows = [day]\nsorted(rows)",
        "import datetime as dt\nrows = {'at': dt.datetime.now().isoformat()}\nsorted(rows)",
        "import time\nseed = int(time.time())\nrows = list(range(seed))",
        "import time\nrows = []\nrows.append(time.time())",
        "import pandas as pd\nage = pd.Timestamp('now') - pd.Timestamp('2020-01-01')\n"
        "rows = [age]\nsorted(rows)",
        "import time\ndef at():\n    return time.time()",
    ),
    "PN070": (
        f"key = '{KEY}'",
        f"# token {TOKEN}",
        (text(f"use `{TOKEN}`"),),
        "key = '''-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx7'''",
        "at = 'postgresql://ada:n7Kq-rtZ@db.example.org/flights'",
        f"!curl -H 'Authorization: {TOKEN}' x",
    ),
    "PN071": (
        ran("1", 1, stream(f"KEY={KEY}\n")),
        ran("1", 1, shown(**{"text/html": f"<b>{TOKEN}</b>"})),
        ran("{}[1]", 2, failed(2, 1, f"x[{KEY!r}]")),
    ),
    "PN072": (
        "headers = {'Authorization': 'Bearer abZdef123456ghijkl'}",
        "!curl -H 'Authorization: Bearer abZdef123456ghijkl' x",

        f"salt = '{NOISE}'",
        "password = 'hunter2-is-mine'",
        "import os\nos.environ['API_KEY'] = 'k3y-9f8e7d6c'",
        "connect = dict\nconnect(auth_token='q9w8-e7r6-t5y4')",
        ran("1", 1, stream("api_key: zK4vN8qW1xR7tB3mYp")),
    ),
    "PN080": (
        "import sklearn.nosuch",
        "from sklearn import nosuch2",
        "from sklearn.nosuch.part import x",
"import surely_not_installed", "from surely_not.installed import x",
              "%load_ext surely_not_installed"),
    "PN090": ("%pip install numpy", "!pip install -q numpy", "!python -m pip install numpy",
              "!{sys.executable} -m pip install numpy", "%%bash\nset -e\npip install numpy",
              "%conda install -y numpy", "pip install numpy",
              "import subprocess, sys\n"
              "subprocess.run([sys.executable, '-m', 'pip', 'install', 'numpy'])",
              "import os\nos.system('pip install numpy')"),
    "PN091": ("!ls", "x = !ls", "%%bash\nls", "import os\nos.system('ls')",
              "import subprocess\nsubprocess.run(['ls'])", "%sx ls"),
    "PN100": (ran("1", 1, stream("a" * 1_100_000)),
              ran("1", 1, *[stream("a" * 400_000)] * 3)),
    "PN101": (ran("1", 1, shown(**WIDGET)),),
    "PN110": (
        code("1", metadata={"proml": {"mute": ["PN31"]}}),
        code("1", metadata={"proml": {"mute": "PN031"}}),
        (text("a") | {"metadata": {"proml": {"mute": ["all"]}}},),
        code("1", metadata={"proml": {"mute": {"PN050": "why"}}}),
        code("1", metadata={"proml": {"mute": ["PN031"]}}),
        code("1", metadata={"proml": {"mute": ["PN081"]}}),
    ),
}  # fmt: skip

HAVE_NOT: dict[str, tuple[Case, ...]] = {
    "PN001": ((parameters(""),), (parameters("n = 3"),)),
    "PN002": ((parameters("n = 1"), text("a") | {"metadata": {"tags": ["parameters"]}}),),
    "PN003": (
        (parameters("from datetime import date\nn: int = -3\nd = date(2013, 1, 1)"),),
        (parameters("# nothing yet"),),
    ),
    "PN004": ((parameters("n: int = 3\nm = 4\nd: str | None = None"),),),
    "PN005": ("", "x = 1", "%%html\n<b>", "await x", "!ls | wc", "?print", "print?", "%time x = 1",
              "x = '\\d'", "/print 1", "%%time\nx = 1", "if 1:\n    !ls\n    %time 1"),
    "PN006": (
        ("n = 4", parameters("n: int = 3"), "m = n"),
        (parameters("n: int = 3"), "def f(n):\n    n = 4\n    return [n for n in [1]]"),
    ),
    "PN010": ((ran("1", 1), code("2"), ran("3", 5)), ("1", "2")),
    "PN011": (
        ran("1", 3, result(3), stream("a")),
        ran("x = {}\ny = x[1]", 4, failed(4, 2, "y = x[1]")),
        ran("f()", 4, failed(3, 2, "y = x[1]")),
    ),
    "PN012": ((ran("1", 1), ran("2", 2), code(""), code("# a note"), text("a")), ("1", "2")),
    "PN020": (("x = 1", "x"),),
    "PN021": (("x = 1", "x"), ("x", "x = 1")),
    "PN022": ("x = 1\nif x:\n    x", ("def f():\n    return x", "x = 1", "f()")),
    "PN030": (
        "import re\nre.compile('/data/x')",
        "label = '/data/late'\nprint(label)",
        "print('/home/x')",
        "fmt = '~/x'\nfmt.format(1)",
        "import json\nat = 'https://example.org'\nat + '/data/x'",
        "path = input()\npath.startswith('/data/x'), path == '/data/y', {'/data/z': 1}",
        "import matplotlib.pyplot as plt\nplt.plot([1], label='/data/late')\nplt.title('/data/x')",

        "'/home/ada is a sentence with a path'",
        "route = '/api/v1'",
        "import re\nre.split('/', 'a/b')",
        '"""/home/ada/doc"""',
        "open('/dev/null', 'w')",
        "path = 'data/a.csv'",
        "at = 'https://example.org/home/a.csv'",
        "%proml features wind",
    ),
    "PN031": (
        "import pandas as pd\npd.DataFrame().to_csv('a.csv')\npd.read_csv('a.csv')",
        "path = input()\nopen(path)",
        (parameters("path = 'a.csv'"), "import pandas as pd\npd.read_csv(path)"),
        (parameters("folder = 'x'"), "from pathlib import Path\n"
        "a = Path(folder) / 'a.csv'\na.open()"),
        "open('a.txt', 'w')",
        "open('a.txt', input())",
        "import polars as pl\npl.read_database('select 1', None)",
        "%proml dataset spec.proml.yaml -o train",
        "import json\njson.load({})",
        "import pandas as pd\npd.read_csv('https://example.org/a.csv')",
    ),
    "PN032": (
        "import polars as pl\nOUT = 'share'\npl.DataFrame().write_parquet(f'{OUT}/x.parquet')",
        "import polars as pl\nOUT = input()\npl.DataFrame().write_parquet(f'{OUT}/srv/x.parquet')",
        "from pathlib import Path\n(Path.cwd().parent / 'out.txt').write_text('a')",

        "open('../out.txt', 'w')",
        "open('/tmp/out.txt', 'w')",
        "import tempfile\nopen(tempfile.mkdtemp() + '/a', 'w')",
        "open('/srv/in.txt')",
        "open('out.txt', 'a')",
        "import polars as pl\npl.DataFrame().write_parquet('$HOME/a')",
        "open('/dev/null', 'w')",
    ),
    "PN040": (
        "from urllib.parse import quote\nquote('a')",
        "at = 'https://example.org'\nprint(at)",
        "import pandas as pd\npd.read_csv('a.csv')",
        "import socket\nsocket.gethostname()",
        "import sqlalchemy\nsqlalchemy.create_engine('sqlite:///a.db')",
        "open('file:///a')",
    ),
    "PN050": (
        "class Sampler:\n    def sample(self, n):\n        return n\nSampler().sample(n=3)\ns = Sampler()\ns.sample(n=3)",
        "class Sampler:\n    def sample(self, n):\n        return n\n    def few(self):\n        return self.sample(n=3)",
        "import random\nrng = random.Random(3)\nrng.sample([1, 2], 1)",
        "import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndf.sample(3, random_state=1)",
        "import lightgbm as lgb\nparams = {'objective': 'binary'}\nparams['seed'] = 3\nlgb.train(params, None)",
        "import lightgbm as lgb\nparams = {'objective': 'binary'}\nparams.update(input())\nlgb.train(params, None)",
        (parameters("params = {}"), "import lightgbm as lgb\nlgb.train(params, None)"),

        "import numpy as np\nnp.random.seed(3)\nnp.random.rand(3)",
        ("seed = 7", "import numpy as np\nrng = np.random.default_rng(seed)\nrng.normal()"),
        "import numpy as np\nnp.random.seed(1)\nfrom sklearn.cluster import KMeans\nKMeans()",
        "import random\nrandom.seed(1)\nrandom.random()\nrandom.Random(3).random()",
        "import torch\ntorch.manual_seed(1)\ntorch.randn(3)",
        "import lightgbm as lgb\nlgb.LGBMClassifier(random_state=1)\nlgb.train({'seed': 1}, None)",
        "import lightgbm as lgb\nparams = {}\nlgb.LGBMClassifier(**params)",
        "from sklearn.model_selection import train_test_split\n"
        "train_test_split([1], random_state=0)\ntrain_test_split([1], shuffle=False)",
        "from sklearn.pipeline import make_pipeline\nmake_pipeline()",
        "from sklearn.model_selection import KFold\nKFold(3)",
        "import polars as pl\npl.DataFrame({'a': [1]}).sample(fraction=0.5, seed=1)",
        "import pytorch_lightning as L\nL.seed_everything(1)\nimport torch\ntorch.randn(3)",
        "class random:\n    choice = staticmethod(len)\nrandom.choice([1])",
    ),
    "PN051": (
        "import numpy as np\nnp.random.seed(3)\nnp.random.default_rng(3)",
        ("seed = 7", "import random\nrandom.Random(seed).random()"),
        "import uuid\nuuid.uuid5(uuid.NAMESPACE_DNS, 'a')",
    ),
    "PN060": (
        (parameters("from datetime import date\nd: date = date(2013, 1, 1)"), "print(date.today())"),
        "import pandas as pd\ndf = pd.DataFrame({'d': []})\ndf[df.d < pd.Timestamp('2013-01-01')]",

        "import time\nstart = time.time()\nsum([1])\nprint(f'{time.time() - start:.1f} s')",
        "import time\nstart = time.time()\nend = time.time()\nspan = end - start\nrows = [span]",
        "from datetime import datetime\nprint(datetime.now())",
        "from datetime import datetime\nat = datetime.now()\nprint('began', at)\nat",
        "import time\ntime.perf_counter()\nrows = [time.monotonic()]",
        "import time\nend = time.time() + 60\nwhile time.time() < end:\n    pass",
        "from datetime import date\nrows = [date(2013, 1, 1)]",
        "import time\ntime.strftime('%Y', time.localtime(0))",
        "unused = __import__('time').time",
    ),
    "PN070": (
        "key = 'AKIA...'\ntoken = 'ghp_your_token_here'",
        "import os\nkey = os.environ['AWS_KEY']",
        "text = input()\n'-----BEGIN PRIVATE KEY-----' in text",
        "key = 'AKIAIOSFODNN7EXAMPLE'",
        "at = 'https://example.org/a'\nother = 'postgresql://{user}:{password}@host/db'",
        "digest = 'd' * 64",
        "at = 'postgresql://user:pass@localhost/db', 'redis://postgres:postgres@db:1/0'",
        "sk = 'sk-learn-is-a-library-for-machine-learning-models'",
    ),
    "PN071": (ran("1", 1, stream("AKIA is a prefix of keys; see ghp_…")),),
    "PN072": (
        "png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk'",
        "letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'",
        "column = 'MeanArrivalDelayOfCarrierInLast7DaysAtOrigin2013'",
        "columns = ['mean_arr_delay_Last7Days_Origin_JFK_2013_Version2']",
        "auth = 'login2.example.org:8443'\nsecret = 'ada1@example.org'",
        "headers = {'Authorization': 'Bearer your-token-goes-here-1'}\nother = f'Bearer {headers}'",
        "said = 'the bearer of good news, a basic requirement'",

        "digest = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'",
        "password = input()\ntoken = ''\nsecret = 'your-secret-here'",
        "api_key = os_environ = 'API_KEY'",
        "auth_header = 'Proxy-authorization'",
        "token_column = 'flight-number-1'",
        "name = 'a_very_long_name_of_a_feature_in_a_table_of_2013'",
        "path = 'notebooks/Flights2013/Delay/Model/Version3/Final'",
        ran("1", 1, stream("tokens: 12345678\nsecret sauce")),
        ran("1", 1, shown(**{"image/png": NOISE * 9, "text/plain": "<Figure>"})),
    ),
    "PN080": (
        "import sklearn.linear_model, sklearn.ensemble._forest\nfrom sklearn import svm, clone, __version__",
        "from sklearn.preprocessing import StandardScaler\nimport scipy.sparse.linalg, matplotlib.pyplot as plt",
        "import pandas.io.formats.style\nfrom pandas import DataFrame, NA, core\nfrom numpy import random, ma, array",
        "from lightgbm import LGBMClassifier, basic\nfrom scipy import stats, LowLevelCallable\nimport scipy.sparse.linalg",
        "from polars import col, Float64, selectors\nimport plotly.graph_objects as go\nfrom plotly import express",
        "from proml_lab import no_matter\nfrom os import nosuch\nfrom yaml import safe_load",
        "from mlflow import sklearn, pyfunc, log_metric\nimport mlflow.tracking\nfrom IPython import display, get_ipython",
        "import google.protobuf, xml.etree\nfrom pydantic import BaseModel, Field, v1\nfrom nbformat import v4",
"import numpy, json, proml_lab", "try:\n    import surely_not\n"
    "except ImportError: ...",
              "import sys\nsys.path.insert(0, 'x')\nimport surely_not",
              "%load_ext autoreload", "def f():\n    import surely_not",
              "%pip install surely_not\nimport surely_not",
        ("%%writefile surely_not.py\nx = 1", "import surely_not"),
        "open('surely_not.py', 'w').close()\nimport surely_not",
        "import subprocess\nsubprocess.run(['make'])\nimport surely_not", "from . import x"),
    "PN090": ("!pip list", "%pip freeze", "!echo install", "print('pip install x')", "%%bash\nls",
              "!cat how_to_install.txt"),
    "PN091": ("print('ls')", "%matplotlib inline", "%%html\n!ls", "import platform\n"
    "platform.system()",
              "import subprocess\nsubprocess.CalledProcessError", "x = 7 % 3\ny = (1 !=\n 2)"),
    "PN100": (ran("1", 1, stream("a" * 900_000)),),
    "PN101": (
        ran("1", 1, shown(**WIDGET, **{"text/html": "<table>"})),
        ran("1", 1, shown(**WIDGET, **{"image/png": "aGk="})),
        ran("1", 1, shown(**{"text/plain": "1"})),
    ),
    "PN110": (code("!ls", metadata={"proml": {"mute": ["PN091"]}}),
              code("import numpy", metadata={"proml": {"mute": ["PN081", "PN100", "PN101"]}}),
              code("1", metadata={"proml": {"mute": []}}), code("1", metadata={"proml": 3})),
}  # fmt: skip
