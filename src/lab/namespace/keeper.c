/*
 * keeper: keeps one private PID namespace and starts processes in it, on the orders of private-namespace.ts.
 *
 *   keeper CGROUP-DIR|- PIDS-MAX PID-MAX|0 TRACE-INSTANCE|- [private-net] [private-files] [rootless] [helper] [bind=FROM:TO …]
 *   keeper pause | pause-reaping             what pause 3.0 and pause 3.1 do, to be a PID 1
 *   keeper exit N | pair                     to be the child of a PID 1: ends with a status; stays, with a child in its group
 *
 * The process itself stays outside, as a container runtime's shim does: it is the parent of PID 1 and of every process
 * that enters the namespace from outside (setns, then fork), and it reaps them. Orders come as lines on stdin, words
 * separated by spaces and percent-encoded; reports go to stdout the same way. End of stdin, SIGINT, SIGTERM and SIGHUP
 * all mean the same: kill PID 1 (the kernel then kills everything inside), reap, remove the cgroup and the tracing
 * instance, leave. So nothing outlives the program that started it, however that program ends.
 *
 * Nothing global is written: pid_max is the namespace's own (Linux >= 6.14; the caller passes 0 elsewhere), mounts are
 * made in private mount namespaces, the cgroup and the tracing instance are our own. `rootless` does all of it as root of
 * a user namespace; then RLIMIT_NPROC stands for the cgroup.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "tracer.h"
#include <linux/capability.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

#define MAX_CHILDREN 256 /* commands at once; a slot is free again when its command and its output have ended */
#define TAIL_BYTES 2048  /* what is kept of a command's output; the rest is counted and dropped */
#define MAX_WORDS 4096
#define MAX_BINDS 8

struct child {
  int used;
  char id[32];
  pid_t pid;     /* as seen from outside; 0 once reaped */
  int status_fd; /* its own number, then an errno if exec failed; end of file once exec has succeeded */
  int output_fd; /* stdout and stderr together */
  int gate_fd;   /* a byte lets it exec; -1 once written */
  struct timespec started;
  unsigned long long output_bytes;
  size_t tail_length;
  char tail[TAIL_BYTES];
};

static const char *cgroup_dir, *trace_name;
static char trace_dir[256] = "", start_dir[4096] = "/";
static const char *pids_max, *pid_max;
static int private_net, private_files, rootless, with_helper, bind_count;
static char *bind_from[MAX_BINDS], *bind_to[MAX_BINDS];

static struct child children[MAX_CHILDREN];
static const char *const ns_names[] = {"pid", "mnt", "net", "uts", "ipc"};
enum { NS_PID, NS_MNT, NS_NET, NS_UTS, NS_IPC, NS_COUNT };
static int ns_fds[NS_COUNT] = {-1, -1, -1, -1, -1};
static int die_pipe[2]; /* each byte lets one waiting orphan die */
static int helper_orders[2] = {-1, -1}, helper_reports[2] = {-1, -1};
static int alive_pipe = -1;
static pid_t init_parent; /* of a PID 1 whose parent is to die before it; 0: it is ours */

/* ---- words in, words out ---------------------------------------------------------------------------------------- */

static void print_encoded(const char *text, size_t length) {
  if (length == 0) putchar('%');
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c > 32 && c < 127 && c != '%') putchar(c);
    else printf("%%%02X", c);
  }
}

static void decode(char *word) {
  char *to = word;
  if (strcmp(word, "%") == 0) { *word = 0; return; }
  for (char *from = word; *from; from++) {
    unsigned value;
    if (*from == '%' && sscanf(from + 1, "%2x", &value) == 1) { *to++ = (char)value; from += 2; }
    else *to++ = *from;
  }
  *to = 0;
}

static int write_file(const char *dir, const char *name, const char *text) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t wrote = write(fd, text, strlen(text));
  int saved = errno;
  close(fd);
  errno = saved;
  return wrote < 0 ? -1 : 0;
}

static int has_cgroup(void) { return strcmp(cgroup_dir, "-") != 0; }

/* ---- what runs inside the namespace ----------------------------------------------------------------------------- */

static void leave_on_signal(int signal_number) { (void)signal_number; _exit(0); }

static void reap_everything(int signal_number) {
  (void)signal_number;
  int saved = errno;
  while (waitpid(-1, NULL, WNOHANG) > 0) {}
  errno = saved;
}

static _Noreturn void be_pause(int reaping) {
  prctl(PR_SET_NAME, "pause");
  signal(SIGINT, leave_on_signal);
  signal(SIGTERM, leave_on_signal);
  struct sigaction action = {.sa_handler = reap_everything, .sa_flags = SA_NOCLDSTOP};
  if (reaping) sigaction(SIGCHLD, &action, NULL);
  for (;;) pause();
}

/* The child of a PID 1 that is examined: as it inherits its signals, so it keeps them. */
static _Noreturn void be_pair(void) {
  if (fork() < 0) _exit(1);
  for (;;) pause();
}

/* What every command starts from: default signals, nothing blocked, no core files. */
static void fresh_process(void) {
  for (int n = 1; n < NSIG; n++) signal(n, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
}

static int report_on_term = -1;

static void say_term(int signal_number) {
  (void)signal_number;
  if (write(report_on_term, "T", 1) < 0) {}
  _exit(0);
}

/* Forks processes that wait to be told to die; with `report_on_term`, for a SIGTERM, which they say and end. */
static int fork_waiting(int count) {
  int made = 0;
  for (; made < count; made++) {
    pid_t pid = fork();
    if (pid < 0) break;
    if (pid > 0) continue;
    char byte;
    prctl(PR_SET_NAME, report_on_term >= 0 ? "bystander" : "orphan");
    struct sigaction action = {.sa_handler = say_term, .sa_flags = SA_RESTART};
    if (report_on_term >= 0) sigaction(SIGTERM, &action, NULL);
    while (report_on_term >= 0) pause();
    while (read(die_pipe[0], &byte, 1) < 0 && errno == EINTR) {}
    _exit(0);
  }
  return made;
}

/* For what does not exec: nothing closes what it must not hold, the ends whose closing tells of an exec. */
static void close_all_but(int first, int second, int third) {
  for (int fd = 0; fd < 1024; fd++)
    if (fd != first && fd != second && fd != third) close(fd);
}

/*
 * The helper is forked by PID 1 before it execs the command under test: a child of its own, in its session, as a
 * background job of an entrypoint script that then execs. So what the helper orphans are PID 1's own descendants.
 */
static void be_helper(void) {
  int order[2]; /* are they bystanders?; how many */
  prctl(PR_SET_NAME, "helper");
  close_all_but(helper_orders[0], helper_reports[1], die_pipe[0]);
  while (read(helper_orders[0], order, sizeof order) == (ssize_t)sizeof order) {
    int made = 0;
    pid_t middle = fork();
    if (middle == 0) {
      if (order[0]) report_on_term = helper_reports[1];
      made = fork_waiting(order[1]);
      if (write(helper_reports[1], &made, sizeof made) < 0) {}
      _exit(0);
    }
    if (middle > 0) waitpid(middle, NULL, 0);
    else if (write(helper_reports[1], &made, sizeof made) < 0) {}
  }
  _exit(0);
}

/*
 * Writes to `dir` go to memory and end with the namespace; what is there can be read. The layers are made on a tmpfs
 * that lies over /sys meanwhile. 0, or -1 and errno.
 */
static int make_private(const char *dir, int number) {
  char upper[32], work[32], options[128];
  struct stat lower;
  snprintf(upper, sizeof upper, "/sys/upper%d", number), snprintf(work, sizeof work, "/sys/work%d", number);
  snprintf(options, sizeof options, "lowerdir=.,upperdir=%s,workdir=%s%s", upper, work, rootless ? ",userxattr" : "");
  if (stat(dir, &lower) != 0 || mkdir(work, 0700) != 0 || mkdir(upper, 0700) != 0) return -1;
  if (chown(upper, lower.st_uid, lower.st_gid) != 0 && !rootless) return -1;
  if (chmod(upper, lower.st_mode & 07777) != 0 || chdir(dir) != 0) return -1;
  return mount("overlay", ".", "overlay", MS_NODEV, options);
}

/* /tmp and the working directory, unless that is in /tmp or is the root of all. 0, or -1 and errno. */
static int make_files_private(void) {
  const int own_dir = strcmp(start_dir, "/") != 0 && strncmp(start_dir, "/tmp/", 5) != 0 && strcmp(start_dir, "/tmp") != 0;
  if (mount("tmpfs", "/sys", "tmpfs", MS_NOSUID | MS_NODEV, "size=256m,mode=755") != 0) return -1;
  int failed = make_private("/tmp", 0) != 0 || (own_dir && make_private(start_dir, 1) != 0);
  int saved = errno;
  umount2("/sys", MNT_DETACH);
  errno = saved;
  return failed || chdir(start_dir) != 0 ? -1 : 0;
}

static void loopback_up(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_name = "lo"};
  if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0) return;
  request.ifr_flags |= IFF_UP;
  ioctl(fd, SIOCSIFFLAGS, &request);
  close(fd);
}

/* For this namespace's mounts only; with everything mounted below where the kernel can do that (>= 5.12). */
static void make_read_only(const char *path) {
  struct { unsigned long long set, clear, propagation, userns; } read_only = {MS_RDONLY, 0, 0, 0};
  if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) != 0) return;
  if (syscall(SYS_mount_setattr, -1, path, 0x8000 /* AT_RECURSIVE */, &read_only, sizeof read_only) != 0)
    mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
}

/* A container's usual capabilities (Docker's default set), so that no command can reboot, load, mount or set the clock. */
static void drop_capabilities(void) {
  const int kept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID,
                      CAP_SETPCAP, CAP_NET_BIND_SERVICE, CAP_NET_RAW, CAP_SYS_CHROOT, CAP_MKNOD, CAP_AUDIT_WRITE, CAP_SETFCAP};
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
    int keep = 0;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) keep |= kept[i] == capability;
    if (!keep) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
}

/* The first task of the namespace, before it execs: its mounts, its limit, its session. 0, or -1 and errno. */
static int prepare_init(void) {
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return -1;
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) return -1;
  if (strcmp(pid_max, "0") != 0 && write_file("/proc/sys/kernel", "pid_max", pid_max) != 0) return -1;
  for (int i = 0; i < bind_count; i++)
    if (mount(bind_from[i], bind_to[i], NULL, MS_BIND, NULL) != 0) return -1;
  if (private_files && make_files_private() != 0) return -1;
  const char *const not_ours[] = {"/proc/sys", "/proc/sysrq-trigger", "/sys"};
  for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++) make_read_only(not_ours[i]);
  if (private_net) {
    loopback_up();
    if (sethostname("localhost", 9) != 0) return -1;
  }
  return setsid() < 0 ? -1 : 0;
}

/* A process that has entered from outside: the namespace's mounts and the rest; its pid namespace it was born in. */
static int enter_the_rest(int session) {
  for (int n = NS_MNT; n < NS_COUNT; n++)
    if ((n == NS_MNT || private_net) && setns(ns_fds[n], 0) != 0) return -1;
  if (chdir(start_dir) != 0) return -1;
  return session && setsid() < 0 ? -1 : 0;
}

/* ---- starting commands ------------------------------------------------------------------------------------------ */

/* fork() with the child born in the namespace; its parent stays outside. It is made by a process in between, as runc does. */
static pid_t fork_inside(void) {
  int report[2];
  pid_t pid = -1, inside = -1;
  if (pipe2(report, O_CLOEXEC) != 0) return -1;
  pid_t between = fork();
  if (between == 0) {
    if (setns(ns_fds[NS_PID], CLONE_NEWPID) == 0) inside = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (inside == 0) {
      close(report[0]), close(report[1]);
      return 0;
    }
    if (inside < 0) inside = -errno;
    if (write(report[1], &inside, sizeof inside) < 0) {}
    _exit(0);
  }
  close(report[1]);
  if (between > 0 && read(report[0], &pid, sizeof pid) != (ssize_t)sizeof pid) pid = -EPROTO;
  close(report[0]);
  if (between > 0) waitpid(between, NULL, 0);
  if (pid < 0) errno = -pid;
  return pid < 0 ? -1 : pid;
}

/* PID 1 whose parent is a process that stays until `orphan-init`. A third one kills it should all of us be killed. */
static pid_t clone_under_a_parent(long flags) {
  int report[2], alive[2];
  pid_t pid = -1;
  if (pipe2(report, O_CLOEXEC) != 0 || pipe2(alive, O_CLOEXEC) != 0) return -1;
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  init_parent = fork();
  if (init_parent == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if ((pid = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0)) == 0) return 0;
    if (write(report[1], &pid, sizeof pid) < 0) _exit(1);
    close_all_but(-1, -1, -1);
    for (;;) pause();
  }
  if (read(report[0], &pid, sizeof pid) != (ssize_t)sizeof pid) pid = -1;
  if (pid > 0 && fork() == 0) {
    char byte;
    close_all_but(alive[0], -1, -1);
    while (read(alive[0], &byte, 1) < 0 && errno == EINTR) {}
    kill(pid, SIGKILL);
    _exit(0);
  }
  close(report[0]), close(report[1]), close(alive[0]);
  alive_pipe = alive[1]; /* open as long as we live */
  return pid;
}

static struct child *find_child(const char *id) {
  for (int i = 0; i < MAX_CHILDREN; i++)
    if (children[i].used && strcmp(children[i].id, id) == 0) return &children[i];
  return NULL;
}

static void run_command(int is_init, int dies_with_parent, int session, int gate, int output, int status, char **argv) {
  char go;
  int self = getpid();
  if (is_init) prctl(PR_SET_PDEATHSIG, dies_with_parent ? SIGKILL : 0);
  fresh_process();
  if (has_cgroup() && write_file(cgroup_dir, "cgroup.procs", "0\n") != 0) goto failed;
  if (is_init ? prepare_init() : enter_the_rest(session)) goto failed;
  int null = open("/dev/null", O_RDONLY);
  if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) goto failed;
  if (write(status, &self, sizeof self) < 0) _exit(127);
  if (read(gate, &go, 1) != 1) _exit(127); /* no process is left outside that would end us */
  if (is_init && with_helper) {
    pid_t helper = fork();
    if (helper == 0) be_helper();
    if (helper < 0) goto failed;
  }
  drop_capabilities();
  execvp(argv[0], argv);
failed:
  self = -errno;
  if (write(status, &self, sizeof self) < 0) {}
  _exit(127);
}

/* Its time begins here, a moment before its exec. */
static void open_gate(struct child *child) {
  clock_gettime(CLOCK_MONOTONIC, &child->started);
  if (write(child->gate_fd, "g", 1) < 0) {}
  close(child->gate_fd);
  child->gate_fd = -1;
}

static void open_namespaces(pid_t init) {
  for (int n = 0; n < NS_COUNT; n++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", init, ns_names[n]);
    if (ns_fds[n] >= 0) close(ns_fds[n]);
    ns_fds[n] = open(path, O_RDONLY | O_CLOEXEC);
  }
}

static void start(const char *id, int is_init, int under_a_parent, int session, int gated, char **argv) {
  struct child *child = NULL;
  int gate[2], output[2], status[2], first = 0;
  for (int i = 0; i < MAX_CHILDREN && !child; i++)
    if (!children[i].used) child = &children[i];
  if (!child || pipe2(gate, O_CLOEXEC) || pipe2(output, O_CLOEXEC) || pipe2(status, O_CLOEXEC)) {
    printf("refused %s %d\n", id, child ? errno : EAGAIN);
    return;
  }
  long flags = CLONE_NEWPID | CLONE_NEWNS | (private_net ? CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC : 0);
  pid_t pid = !is_init         ? fork_inside()
              : under_a_parent ? clone_under_a_parent(flags | SIGCHLD)
                               : (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    close(gate[1]);
    run_command(is_init, !under_a_parent, session, gate[0], output[1], status[1], argv);
  }
  int refusal = errno;
  close(gate[0]), close(output[1]), close(status[1]);
  if (pid > 0 && read(status[0], &first, sizeof first) == (ssize_t)sizeof first && first > 0) {
    memset(child, 0, sizeof *child);
    child->used = 1;
    snprintf(child->id, sizeof child->id, "%s", id);
    child->pid = pid;
    child->status_fd = status[0], child->output_fd = output[0], child->gate_fd = gate[1];
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    if (is_init) open_namespaces(pid);
    printf("started %s %d %d\n", id, pid, first);
    if (!gated) open_gate(child);
    return;
  }
  if (pid > 0) refusal = first < 0 ? -first : EPROTO, waitpid(pid, NULL, 0);
  close(gate[1]), close(output[0]), close(status[0]);
  printf("refused %s %d\n", id, refusal);
}

/* ---- orphans made to order -------------------------------------------------------------------------------------- */

static int read_in_time(int fd, int *value) {
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  return poll(&ready, 1, 5000) == 1 && read(fd, value, sizeof *value) == (ssize_t)sizeof *value;
}

static void make_own(int bystanders, int count) {
  int order[2] = {bystanders, count}, made = -1;
  if (!with_helper || write(helper_orders[1], order, sizeof order) < 0 || !read_in_time(helper_reports[0], &made)) made = -1;
  printf("orphans %d\n", made);
}

static void make_strangers(int count) {
  int report[2], made = -1;
  if (pipe2(report, O_CLOEXEC) != 0) { printf("orphans -1\n"); return; }
  pid_t pid = fork_inside();
  if (pid == 0) {
    fresh_process();
    if (has_cgroup()) write_file(cgroup_dir, "cgroup.procs", "0\n");
    setsid();
    close(die_pipe[1]); /* they end with us */
    made = fork_waiting(count);
    if (write(report[1], &made, sizeof made) < 0) {}
    _exit(0);
  }
  close(report[1]);
  if (pid > 0) {
    if (!read_in_time(report[0], &made)) made = -1;
    waitpid(pid, NULL, 0);
  }
  close(report[0]);
  printf("orphans %d\n", made);
}

static void let_die(int count) {
  for (; count > 0; count--)
    if (write(die_pipe[1], "d", 1) < 0) break;
  printf("died\n");
}

/* The PID the namespace would hand out now: that of a process which enters, says it and ends. 0: refused. */
static void next_number(void) {
  int report[2], number = 0;
  if (pipe2(report, O_CLOEXEC) != 0) { printf("number 0\n"); return; }
  pid_t pid = fork_inside();
  if (pid == 0) {
    number = getpid();
    if (write(report[1], &number, sizeof number) < 0) {}
    _exit(0);
  }
  close(report[1]);
  if (pid > 0) {
    if (!read_in_time(report[0], &number)) number = 0;
    waitpid(pid, NULL, 0);
  }
  close(report[0]);
  printf("number %d\n", number);
}

static void count_terms(void) {
  char bytes[1024];
  long heard = 0;
  struct pollfd ready = {.fd = helper_reports[0], .events = POLLIN};
  while (poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN)) {
    ssize_t got = read(helper_reports[0], bytes, sizeof bytes);
    if (got <= 0) break;
    heard += got;
  }
  printf("terms %ld\n", heard);
}

/* ---- what comes back -------------------------------------------------------------------------------------------- */

/* Reads what there is, keeps the last bytes. 0: more may come; -1: end of file. */
static int drain(struct child *child, int all) {
  static char buffer[65536];
  do {
    ssize_t got = read(child->output_fd, buffer, sizeof buffer);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
    if (got == 0) return -1;
    child->output_bytes += (unsigned long long)got;
    const char *from = buffer;
    size_t length = (size_t)got;
    if (length > TAIL_BYTES) from += length - TAIL_BYTES, length = TAIL_BYTES;
    size_t keep = child->tail_length;
    if (keep + length > TAIL_BYTES) {
      memmove(child->tail, child->tail + (keep + length - TAIL_BYTES), TAIL_BYTES - length);
      keep = TAIL_BYTES - length;
    }
    memcpy(child->tail + keep, from, length);
    child->tail_length = keep + length;
  } while (all--);
  return 0;
}

static void release(struct child *child) {
  if (child->pid == 0 && child->output_fd < 0) child->used = 0;
}

static void read_status(struct child *child) {
  int value;
  ssize_t got = read(child->status_fd, &value, sizeof value);
  if (got == (ssize_t)sizeof value && value < 0) printf("exec-failed %s %d\n", child->id, -value);
  else if (got == 0) printf("running %s\n", child->id);
  close(child->status_fd);
  child->status_fd = -1;
}

static void reap(void) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (WIFSTOPPED(status)) tracer_stopped(pid, status);
    for (int i = 0; i < MAX_CHILDREN && !WIFSTOPPED(status); i++) {
      struct child *child = &children[i];
      if (!child->used || child->pid != pid) continue;
      if (child->status_fd >= 0) read_status(child);
      if (child->output_fd >= 0 && drain(child, 32) < 0) close(child->output_fd), child->output_fd = -1;
      if (child->gate_fd >= 0) close(child->gate_fd), child->gate_fd = -1;
      long long us = (now.tv_sec - child->started.tv_sec) * 1000000LL + (now.tv_nsec - child->started.tv_nsec) / 1000;
      printf("ended %s %d %lld %llu ", child->id, status, us, child->output_bytes);
      print_encoded(child->tail, child->tail_length);
      putchar('\n');
      child->pid = 0;
      release(child);
    }
  }
}

/* ---- beginning and end ------------------------------------------------------------------------------------------ */

static void make_cgroup(void) {
  if (!has_cgroup()) return;
  if (mkdir(cgroup_dir, 0755) == 0 && write_file(cgroup_dir, "pids.max", pids_max) == 0) return;
  printf("fatal cgroup %d\n", errno);
  rmdir(cgroup_dir);
  exit(1);
}

/* Tracing instances are named pidsim-PID-N: those whose PID is no more were left by a killed session. */
static void sweep_traces(const char *instances) {
  DIR *dir = opendir(instances);
  struct dirent *entry;
  struct stat here;
  while (dir && (entry = readdir(dir))) {
    char path[512];
    int owner;
    if (sscanf(entry->d_name, "pidsim-%d-", &owner) != 1) continue;
    snprintf(path, sizeof path, "/proc/%d", owner);
    if (stat(path, &here) == 0) continue;
    snprintf(path, sizeof path, "%s/%s", instances, entry->d_name);
    rmdir(path);
  }
  if (dir) closedir(dir);
}

/* tracefs in a mount namespace of our own, so that the machine's mounts stay as they are; "-" when there is none. */
static void make_trace(void) {
  struct stat here;
  if (strcmp(trace_name, "-") == 0) return;
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return;
  if (stat("/sys/kernel/tracing/instances", &here) != 0 && mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL) != 0) return;
  sweep_traces("/sys/kernel/tracing/instances");
  snprintf(trace_dir, sizeof trace_dir, "/sys/kernel/tracing/instances/%s", trace_name);
  if (mkdir(trace_dir, 0700) != 0) trace_dir[0] = 0;
}

static void tear_down(void) {
  struct child *init = find_child("init");
  struct timespec moment = {0, 20000000};
  if (init && init->pid > 0) kill(init->pid, SIGKILL);
  if (init_parent > 0) kill(init_parent, SIGKILL);
  if (alive_pipe >= 0) close(alive_pipe);
  while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {} /* every child of ours is in the namespace and dies with it */
  if (trace_dir[0]) {
    write_file(trace_dir, "tracing_on", "0");
    for (int i = 0; i < 100 && rmdir(trace_dir) != 0 && errno == EBUSY; i++) nanosleep(&moment, NULL);
  }
  for (int i = 0; has_cgroup() && i < 100 && rmdir(cgroup_dir) != 0 && errno == EBUSY; i++) nanosleep(&moment, NULL);
  exit(0);
}

static void obey(char *line) {
  static char *words[MAX_WORDS + 1];
  int count = 0;
  for (char *word = strtok(line, " "); word && count < MAX_WORDS; word = strtok(NULL, " ")) words[count++] = word;
  for (int i = 0; i < count; i++) decode(words[i]);
  words[count] = NULL;
  if (count == 0) return;
  struct child *child = count > 1 ? find_child(words[1]) : NULL;
  pid_t target = count > 1 ? atoi(words[1]) : 0;
  if (!strcmp(words[0], "init") && count > 2 && !find_child("init"))
    start("init", 1, !strcmp(words[1], "under-a-parent"), 1, 0, words + 2);
  else if (!strcmp(words[0], "exec") && count > 3 && ns_fds[NS_PID] >= 0)
    start(words[1], 0, 0, strchr(words[2], 's') != NULL, strchr(words[2], 'g') != NULL, words + 3);
  else if (!strcmp(words[0], "adopt") && count > 1) open_namespaces(target), printf("adopted %d\n", ns_fds[NS_PID]);
  else if (!strcmp(words[0], "seize") && count > 2) printf("seized %d\n", tracer_seize(target, atoi(words[2])));
  else if (!strcmp(words[0], "make-exit") && count > 2) printf("exited %d\n", tracer_exit(target, atoi(words[2])));
  else if (!strcmp(words[0], "orphan-init") && init_parent > 0) kill(init_parent, SIGKILL), init_parent = 0;
  else if (!strcmp(words[0], "go")) {
    if (child && child->gate_fd >= 0) open_gate(child);
  } else if (!strcmp(words[0], "signal") && count > 2) {
    if (child && child->pid > 0) kill(child->pid, atoi(words[2]));
  } else if (!strcmp(words[0], "orphans") && count > 2 && ns_fds[NS_PID] >= 0) {
    if (!strcmp(words[1], "stranger")) make_strangers(atoi(words[2]));
    else make_own(!strcmp(words[1], "bystander"), atoi(words[2]));
  } else if (!strcmp(words[0], "die") && count > 1) let_die(atoi(words[1]));
  else if (!strcmp(words[0], "number") && ns_fds[NS_PID] >= 0) next_number();
  else if (!strcmp(words[0], "terms")) count_terms();
  else printf("misunderstood %s\n", words[0]);
}

static int read_orders(void) {
  static char *buffer;
  static size_t length, capacity;
  if (capacity - length < 65536) buffer = realloc(buffer, capacity = length + 131072);
  ssize_t got = buffer ? read(0, buffer + length, 65536) : 0;
  if (got <= 0) return -1;
  length += (size_t)got;
  char *begin = buffer, *end;
  while ((end = memchr(begin, '\n', length - (size_t)(begin - buffer)))) {
    *end = 0;
    obey(begin);
    begin = end + 1;
  }
  length -= (size_t)(begin - buffer);
  memmove(buffer, begin, length);
  return 0;
}

static int watched_signals(void) {
  sigset_t watched;
  sigemptyset(&watched);
  const int numbers[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) signal(numbers[i], SIG_DFL), sigaddset(&watched, numbers[i]);
  signal(SIGPIPE, SIG_IGN);
  sigprocmask(SIG_SETMASK, &watched, NULL);
  return signalfd(-1, &watched, SFD_CLOEXEC);
}

/* Root of a user namespace of our own: what this process could not do, it can do there. 0, or -1 and errno. */
static int become_root_inside(void) {
  char map[64];
  const unsigned uid = getuid(), gid = getgid();
  const struct rlimit most = {(rlim_t)atol(pids_max), (rlim_t)atol(pids_max)};
  if (unshare(CLONE_NEWUSER) != 0) return -1;
  write_file("/proc/self", "setgroups", "deny");
  snprintf(map, sizeof map, "0 %u 1", gid);
  if (write_file("/proc/self", "gid_map", map) != 0) return -1;
  snprintf(map, sizeof map, "0 %u 1", uid);
  return write_file("/proc/self", "uid_map", map) != 0 || setrlimit(RLIMIT_NPROC, &most) != 0 ? -1 : 0;
}

static void watch(int signals) {
  struct pollfd ready[2 + 2 * MAX_CHILDREN];
  struct child *owner[2 + 2 * MAX_CHILDREN];
  for (;;) {
    int count = 2;
    ready[0] = (struct pollfd){.fd = 0, .events = POLLIN};
    ready[1] = (struct pollfd){.fd = signals, .events = POLLIN};
    for (int i = 0; i < MAX_CHILDREN; i++) {
      struct child *child = &children[i];
      if (!child->used) continue;
      if (child->status_fd >= 0) owner[count] = child, ready[count++] = (struct pollfd){.fd = child->status_fd, .events = POLLIN};
      if (child->output_fd >= 0) owner[count] = child, ready[count++] = (struct pollfd){.fd = child->output_fd, .events = POLLIN};
    }
    fflush(stdout);
    if (poll(ready, (nfds_t)count, -1) < 0) continue;
    for (int i = 2; i < count; i++) {
      struct child *child = owner[i];
      if (!ready[i].revents) continue;
      if (ready[i].fd == child->status_fd) read_status(child);
      else if (ready[i].fd == child->output_fd && drain(child, 0) < 0) {
        close(child->output_fd), child->output_fd = -1;
        release(child);
      }
    }
    if (ready[1].revents) {
      struct signalfd_siginfo info;
      if (read(signals, &info, sizeof info) == (ssize_t)sizeof info && info.ssi_signo != SIGCHLD) tear_down();
      reap();
    }
    if (ready[0].revents && read_orders() < 0) tear_down();
    if (ferror(stdout)) tear_down();
  }
}

int main(int argc, char **argv) {
  if (argc == 2 && !strncmp(argv[1], "pause", 5)) be_pause(!strcmp(argv[1], "pause-reaping"));
  if (argc == 3 && !strcmp(argv[1], "exit")) return atoi(argv[2]);
  if (argc == 2 && !strcmp(argv[1], "pair")) be_pair();
  if (argc < 5) return fprintf(stderr, "usage: %s CGROUP-DIR|- PIDS-MAX PID-MAX|0 TRACE|- [OPTION …]\n", argv[0]), 2;
  cgroup_dir = argv[1], pids_max = argv[2], pid_max = argv[3], trace_name = argv[4];
  for (int i = 5; i < argc; i++) {
    if (!strcmp(argv[i], "private-net")) private_net = 1;
    if (!strcmp(argv[i], "private-files")) private_files = 1;
    if (!strcmp(argv[i], "rootless")) rootless = 1;
    if (!strcmp(argv[i], "helper")) with_helper = 1;
    char *colon = strchr(argv[i], ':');
    if (!strncmp(argv[i], "bind=", 5) && colon && bind_count < MAX_BINDS) {
      *colon = 0;
      bind_from[bind_count] = argv[i] + 5, bind_to[bind_count++] = colon + 1;
    }
  }
  if (!getcwd(start_dir, sizeof start_dir)) strcpy(start_dir, "/");
  int signals = watched_signals();
  if (rootless && become_root_inside() != 0) return printf("fatal user-namespace %d\n", errno), 1;
  if (signals < 0 || pipe2(die_pipe, O_CLOEXEC) != 0 || pipe2(helper_orders, O_CLOEXEC) != 0 ||
      pipe2(helper_reports, O_CLOEXEC) != 0)
    return printf("fatal setup %d\n", errno), 1;
  make_cgroup();
  make_trace();
  printf("ready %s\n", trace_dir[0] ? trace_dir : "-");
  watch(signals);
}
