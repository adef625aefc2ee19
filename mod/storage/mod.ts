/**
 * The storage of Mero's processes: its content, and whether it may be formatted.
 *
 * A host answers a {@linkcode StorageQuestion} with {@linkcode inspectStorage}, in `hare
 * inspect-storage`. {@linkcode findingsOf} lists the reasons not to format, and {@linkcode decide}
 * makes the decision. Nothing here changes storage.
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
