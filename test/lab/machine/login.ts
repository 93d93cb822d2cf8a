/** Logins over a real sshd on the box's own loopback; the client is forked before the table is full. */
import { existsSync } from 'node:fs';
import { type Box, type Ended, must, start } from './box.js';
import { until } from './settle.js';

const PORT = '2222';
/** Its line in /proc/net/tcp: the port in hexadecimal, no peer, TCP_LISTEN. */
const LISTENS = ':08AE 00000000:0000 0A';
const FOLDER = '/mnt/ssh';
const SSHD = '/usr/sbin/sshd';
const LOGIN_TIMEOUT_MS = 20_000;

/** Why there is no sshd here; null: there is. */
export function missingForLogins(): string | null {
  if (existsSync(SSHD) && existsSync('/usr/bin/ssh-keygen')) return null;
  return 'sshd is not installed (Debian: apt-get install openssh-server)';
}

export class LoginServer {
  private constructor(private readonly box: Box) {}

  static async start(box: Box, cgroup?: string): Promise<LoginServer> {
    await box.makeFolders(FOLDER, '/run/sshd');
    for (const key of ['host', 'user']) {
      const made = await box.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${FOLDER}/${key}`], {
        outputMs: 100,
      });
      if (made.status !== 0) throw new Error(`ssh-keygen in the box: ${made.output}`);
    }
    const settings = [
      `ListenAddress 127.0.0.1:${PORT}`,
      `HostKey ${FOLDER}/host`,
      `AuthorizedKeysFile ${FOLDER}/user.pub`,
      'PidFile none',
      'PermitRootLogin yes',
      'StrictModes no',
      'UsePAM no',
      'UseDNS no',
      '',
    ];
    await box.write(`${FOLDER}/config`, settings.join('\n'));
    must('sshd', await start(box, [SSHD, '-D', '-e', '-f', `${FOLDER}/config`], { cgroup }));
    await until(box, 'sshd listens', async () => (await box.read('/proc/net/tcp')).includes(LISTENS));
    return new LoginServer(box);
  }

  /** The client alone, which does nothing yet: it is the one PID of a login that is not the node's. */
  async client(): Promise<number> {
    const options = [
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'BatchMode=yes',
      'LogLevel=ERROR',
    ];
    const words = ['ssh', '-F', '/dev/null', '-p', PORT, '-i', `${FOLDER}/user`];
    const client = await start(
      this.box,
      [...words, ...options.flatMap((option) => ['-o', option]), 'root@127.0.0.1', LOGIN_COMMAND],
      { gate: true },
    );
    must('an ssh client', client);
    return client.pid;
  }

  /** Lets it log in, run a small script, and log out. */
  async login(client: number): Promise<Ended> {
    await this.box.ask('go', client);
    return this.box.ask('wait', client, LOGIN_TIMEOUT_MS, 500);
  }
}

/** What start-up scripts do: a command in a subshell. */
const LOGIN_COMMAND = 'x=$(/usr/bin/id -u); test "$x" = 0';
