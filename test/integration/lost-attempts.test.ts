import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { giveBackAttempt, giveBackUnnoted } from '../../dispatch/lost-attempts.ts'
import { identityOf, isDead, processOf, thisProcess } from '../../storage/lease.ts'
import { createTestTemporal, type TestTemporal } from './dispatch-temporal.ts'

let temporal: TestTemporal
beforeAll(async () => {
  temporal = await createTestTemporal()
  await temporal.start()
})
afterAll(() => temporal.dispose())

const namespace = 'default'
/** Polls have to say how long they wait. */
const soon = <T>(call: () => Promise<T>): Promise<T> => temporal.connection.withDeadline(Date.now() + 30_000, call)

/** A workflow with one activity, both by hand: what a worker does with a task that it never gets to is nothing. */
const scheduleActivity = async (queue: string): Promise<void> => {
  const { client, connection } = temporal
  const taskQueue = { name: queue }
  await client.workflow.start('byHand', { workflowId: queue, taskQueue: queue })
  const { taskToken } = await soon(() =>
    connection.workflowService.pollWorkflowTaskQueue({
      namespace,
      taskQueue,
      identity: 'test',
    }),
  )
  const activity = {
    activityId: '1',
    activityType: { name: 'byHand' },
    taskQueue,
    scheduleToCloseTimeout: { seconds: 600 },
    heartbeatTimeout: { seconds: 60 },
    retryPolicy: { initialInterval: { nanos: 100_000_000 } },
  }
  await connection.workflowService.respondWorkflowTaskCompleted({
    namespace,
    taskToken,
    identity: 'test',
    // COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK
    commands: [{ commandType: 1, scheduleActivityTaskCommandAttributes: activity as never }],
  })
}

const takeTask = (queue: string, identity: string) =>
  soon(() =>
    temporal.connection.workflowService.pollActivityTaskQueue({ namespace, taskQueue: { name: queue }, identity }),
  )

const log = pino({ level: 'silent' })

const isDeadWorker = async (identity: string): Promise<boolean> => {
  const named = processOf(identity)
  return named !== null && isDead(named)
}
const giveBack = (isDeadOne = isDeadWorker) =>
  giveBackUnnoted({
    client: temporal.client,
    isDead: isDeadOne,
    log,
    signal: new AbortController().signal,
  })

/** Visibility lags behind. */
const listed = async (workflows = 1): Promise<void> => {
  while ((await temporal.client.workflow.count('ExecutionStatus = "Running"')).count < workflows) await sleep(50)
}
const deadIdentity = async (): Promise<string> => {
  const child = spawn(process.execPath, ['-e', ''])
  const dead = identityOf({ ...(await thisProcess()), pid: child.pid ?? 0 })
  await once(child, 'exit')
  return dead
}

it('brings back in a moment what a worker had taken and died before it noted it', async () => {
  await scheduleActivity('lost')
  expect((await takeTask('lost', await deadIdentity())).attempt).toBe(1)
  await listed()
  expect(await giveBack()).toBe(1)
  expect((await takeTask('lost', identityOf(await thisProcess()))).attempt).toBe(2)
  // That one is alive, and so is one that cannot be told.
  expect(await giveBack()).toBe(0)
  await temporal.client.workflow.getHandle('lost').terminate()
})

it('brings back the others where one cannot be told, and that one a moment later', async () => {
  const queues = ['one', 'other']
  for (const queue of queues) {
    await scheduleActivity(queue)
    await takeTask(queue, await deadIdentity())
  }
  await listed(queues.length)
  let asked = 0
  const given = giveBack((identity) => {
    asked += 1
    return asked === 1 ? Promise.reject(new Error('it does not answer')) : isDeadWorker(identity)
  })
  expect(await given).toBe(2)
  for (const queue of queues) {
    expect((await takeTask(queue, identityOf(await thisProcess()))).attempt).toBe(2)
    await temporal.client.workflow.getHandle(queue).terminate()
  }
})

it('goes on where Temporal, come from a backup, does not know the attempt yet', async () => {
  await scheduleActivity('younger')
  const { taskToken } = await takeTask('younger', 'test')
  const token = Buffer.from(taskToken)
  // Field 4 of temporal.server.api.token.v1.Task, the event that scheduled it: one that is still to come.
  const field = token.indexOf(Buffer.from([0x20, 5]))
  expect(field).toBeGreaterThan(0)
  token[field + 1] = 100
  const begunAt = Date.now()
  const attempt = { jobId: 'job', step: 'probe', taskToken: token.toString('base64') }
  await giveBackAttempt({ client: temporal.client, log }, attempt)
  expect(Date.now() - begunAt).toBeLessThan(10_000)
  // And the right one is given back.
  await giveBackAttempt(
    { client: temporal.client, log },
    { ...attempt, taskToken: Buffer.from(taskToken).toString('base64') },
  )
  expect((await takeTask('younger', 'test')).attempt).toBe(2)
  await temporal.client.workflow.getHandle('younger').terminate()
})

it('tells workers by their identities', async () => {
  const own = await thisProcess()
  expect(processOf(identityOf(own))).toEqual(own)
  expect(processOf('4711@somewhere')).toBeNull()
})
