import { Connection } from '@temporalio/client'

/**
 * A connection that is made when it is first needed, and made again within a second of Temporal's return: by default gRPC
 * waits for up to two minutes between attempts.
 */
export const connectTemporal = (address: string): Connection =>
  Connection.lazy({
    address,
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1_000 },
  })
