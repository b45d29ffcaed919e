/** What a network has learned helps with another question: on digits, and with a ResNet-18 on a folder of images. */
import { init } from 'saraf';
import { digits } from './digits.ts';
import { pictures } from './pictures.ts';

await init({ threads: 'auto' });
await digits();
await pictures();
