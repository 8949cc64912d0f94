import { LabIcon } from '@jupyterlab/ui-components';

/** An arrow that leaves a tray upwards. */
export const promoteIcon = new LabIcon({
  name: 'proml-lab:promote',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M12 3 6.5 8.5 7.9 9.9 11 6.8V16h2V6.8l3.1 3.1 1.4-1.4z"/>
    <path d="M4 14v5a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-5h-2v5H6v-5z"/>
  </g>
</svg>`
});
