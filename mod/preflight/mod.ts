/**
 * Preflight, the first phase of a bring-up: before anything is changed every host is asked what is
 * there, and all that is wrong is told together.
 *
 * {@linkcode questionsOf} makes a question for each host of a CDF; {@linkcode askHosts} runs
 * `hare preflight` there, where {@linkcode inspect} answers; {@linkcode judge} judges the answers,
 * and {@linkcode factsFrom} takes cfgen's facts out of them.
 *
 * @module
 */

export {
  type Answered,
  type AskDeps,
  askHosts,
  type ClockDifference,
  type Failed,
  type HostReport,
  type HostToAsk,
} from "./ask.ts";
export { type Answer, writeAnswer } from "./answer.ts";
export { CHECK_NAMES, type CheckName, type Expectation } from "./checks.ts";
export { factsFrom } from "./facts.ts";
export { inspect, type InspectDeps } from "./inspect.ts";
export { judge } from "./judge.ts";
export { parseCheckNames, PreflightError, type Problem, withoutIgnored } from "./problems.ts";
export { type HostQuestion, type Question, questionsOf, readQuestion } from "./question.ts";
