import { nodeRed4 } from '../support/node-red';
import { describeHome } from './home';

describeHome('4.1', nodeRed4);
