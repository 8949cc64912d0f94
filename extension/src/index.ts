import { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { promote } from './promote';
import { promotions } from './promotions';
import { report } from './report';

const plugins: JupyterFrontEndPlugin<unknown>[] = [promotions, promote, report];

export default plugins;
