// The life of a process in C++, with the bookkeeping that test/bench/cases/kernel.ts has ours do: fork, exit and wait of a
// child in a pod on a node. Two pid namespaces, each with a cyclic bitmap of 32,768 numbers; three levels of cgroups; a
// number set that lives as long as a task uses it as its own, its group's or its session's; lists of children and of
// zombies; SIGCHLD to the parent. Prints cycles a second, the median of batches. Nothing else is modelled.
#include "hold.hpp"
#include <array>
#include <cstring>

constexpr int PID_MAX = 32768, RESERVED = 300, LEVELS = 2;

struct Namespace {
    std::array<uint64_t, PID_MAX / 64> used{};
    int cursor = 1, count = 0;

    // The next free number from the cursor on, and round again from RESERVED; 0 if there is none.
    int allocate() {
        int number = find(cursor, PID_MAX);
        if (number == 0) number = find(RESERVED, cursor);
        if (number == 0) return 0;
        used[number >> 6] |= 1ull << (number & 63);
        cursor = number + 1 == PID_MAX ? RESERVED : number + 1;
        count++;
        return number;
    }

    void release(int number) {
        used[number >> 6] &= ~(1ull << (number & 63));
        count--;
    }

  private:
    int find(int from, int to) const {
        for (int word = from >> 6; word << 6 < to; word++) {
            uint64_t free = ~used[word];
            if (word == from >> 6) free &= ~0ull << (from & 63);
            if (free == 0) continue;
            const int number = (word << 6) + __builtin_ctzll(free);
            return number < to ? number : 0;
        }
        return 0;
    }
};

struct Cgroup {
    Cgroup *parent;
    long charged, max;
};

// struct pid: a number at every level, held by the tasks that use it.
struct Pid {
    std::array<int, LEVELS> numbers;
    std::array<int, 3> users; // as own, as group, as session
};

struct Task {
    Pid *pid, *group, *session;
    Task *parent, *next, *previous; // siblings
    Task *children, *zombies, *last_zombie;
    Cgroup *cgroup;
    int exit_status, state;
    bool sigchld_pending;
};

enum { RUNNING, ZOMBIE };

template <class T> class Pool {
    std::vector<T *> free_;

  public:
    T *take() {
        if (free_.empty()) return new T();
        T *taken = free_.back();
        free_.pop_back();
        return taken;
    }
    void give(T *given) { free_.push_back(given); }
};

class Kernel {
    std::array<Namespace, LEVELS> namespaces_;
    Pool<Pid> pids_;
    Pool<Task> tasks_;

    void put(Pid *pid, int as) {
        pid->users[as]--;
        if (pid->users[0] + pid->users[1] + pid->users[2] > 0) return;
        for (int level = 0; level < LEVELS; level++) namespaces_[level].release(pid->numbers[level]);
        pids_.give(pid);
    }

    static bool charge(Cgroup *cgroup) {
        for (Cgroup *c = cgroup; c; c = c->parent) {
            if (++c->charged <= c->max) continue;
            for (Cgroup *undone = cgroup; undone != c->parent; undone = undone->parent) undone->charged--;
            return false;
        }
        return true;
    }

    static void unlink(Task *task, Task *&first) {
        if (task->previous) task->previous->next = task->next;
        else first = task->next;
        if (task->next) task->next->previous = task->previous;
    }

  public:
    Task *fork(Task *parent, Cgroup *cgroup) {
        if (!charge(cgroup)) return nullptr;
        Pid *pid = pids_.take();
        for (int level = LEVELS - 1; level >= 0; level--) {
            if ((pid->numbers[level] = namespaces_[level].allocate()) == 0) return nullptr;
        }
        pid->users = {1, 0, 0};
        Task *task = tasks_.take();
        *task = {};
        task->pid = pid;
        task->group = parent ? parent->group : pid;
        task->session = parent ? parent->session : pid;
        task->group->users[1]++;
        task->session->users[2]++;
        task->cgroup = cgroup;
        task->parent = parent;
        if (parent) {
            task->next = parent->children;
            if (task->next) task->next->previous = task;
            parent->children = task;
        }
        return task;
    }

    void exit(Task *task, int status) {
        Task *parent = task->parent;
        task->exit_status = status;
        task->state = ZOMBIE;
        unlink(task, parent->children);
        task->next = nullptr;
        task->previous = parent->last_zombie;
        if (parent->last_zombie) parent->last_zombie->next = task;
        else parent->zombies = task;
        parent->last_zombie = task;
        parent->sigchld_pending = true;
    }

    int wait(Task *parent) {
        Task *zombie = parent->zombies;
        if (!zombie) return 0;
        unlink(zombie, parent->zombies);
        if (parent->last_zombie == zombie) parent->last_zombie = zombie->previous;
        if (!parent->zombies) parent->sigchld_pending = false;
        const int number = zombie->pid->numbers[LEVELS - 1];
        for (Cgroup *c = zombie->cgroup; c; c = c->parent) c->charged--;
        put(zombie->session, 2);
        put(zombie->group, 1);
        put(zombie->pid, 0);
        tasks_.give(zombie);
        return number;
    }
};

int main() {
    Kernel kernel;
    Cgroup kubepods{nullptr, 0, 1 << 30}, pod{&kubepods, 0, 1 << 30}, container{&pod, 0, 1 << 30};
    Task *app = kernel.fork(nullptr, &container);
    constexpr long CYCLES = 100'000;
    long sum = 0;
    measure_batches(CYCLES, [&] {
        for (long i = 0; i < CYCLES; i++) {
            kernel.exit(kernel.fork(app, &container), 0);
            sum += kernel.wait(app);
        }
    });
    // Used, so that the compiler cannot leave the work out.
    if (sum == 0) return 1;
}
