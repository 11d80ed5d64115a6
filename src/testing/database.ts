/** A database per test file, cloned from the template that scripts/test.ts made. */
import { randomBytes } from "node:crypto";
import pg from "pg";

export const TEMPLATE = "weir_template";

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env.WEIR_TEST_POSTGRES;
  if (serverUrl === undefined)
    throw new Error("Run tests with `npm test -- FILE`: it starts the PostgreSQL they need.");
  const name = `test_${randomBytes(6).toString("hex")}`;
  await asAdmin(serverUrl, `create database ${name} template ${TEMPLATE} strategy file_copy`);
  return {
    url: serverUrl.replace(/\/[^/]*$/, `/${name}`),
    drop: () => asAdmin(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
