export { type ControllerProcess, type ControllerProcessOptions, startController } from './start.ts';
