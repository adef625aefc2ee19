/**
 * The storage of Mero's processes: what is on it, and whether it may be formatted.
 *
 * A host answers a {@linkcode StorageQuestion} by {@linkcode inspectStorage}, in `hare
 * inspect-storage`; {@linkcode findingsOf} says what speaks against formatting, and {@linkcode decide}
 * decides. Nothing here changes anything.
 *
 * @module
 */

export { decide, type Decision, isInQuestion, type MkfsNote, type MkfsPolicy } from "./decide.ts";
export { describeDevice, type Finding, findingsOf, type PlacedDevice } from "./findings.ts";
export { inspectStorage } from "./inspect.ts";
export {
  type DeviceInspection,
  FORMAT,
  readStorageAnswer,
  readStorageQuestion,
  type StorageAnswer,
  type StorageQuestion,
} from "./protocol.ts";
