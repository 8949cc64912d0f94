import { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { insert } from './insert';
import { promote } from './promote';
import { promotions } from './promotions';
import { report } from './report';

const plugins: JupyterFrontEndPlugin<unknown>[] = [promotions, promote, report, insert];

export default plugins;
