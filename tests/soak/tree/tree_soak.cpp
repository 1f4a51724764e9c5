// A tree of three levels and 100 processes under kills, stops and limits, for minutes; then nothing
// is lost or doubled, all run again, and when it ends everything is as before it began.
//   tree_soak [--seconds N] [--seed N]
// Kills come from outside, from jobs that crash whoever takes them, and from limits of memory and
// CPU time; stops are SIGSTOP for some milliseconds and orderly ends of a quarter of the tree.
// Exit status 0: all held.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <bulkhead/bulkhead.hpp>
#include <cstdio>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "common/number_after.hpp"
#include "soak/ledger.hpp"
#include "soak/tree/census.hpp"
#include "soak/tree/jobs.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

constexpr auto healing_patience = 30s;
constexpr auto longest_stall = 20s;
// The host's loop lets go of the bells of mailboxes that are gone when so many others came.
constexpr std::size_t bells_kept = 16;
constexpr long seconds_for_all_causes = 60;

template <class Condition>
bool eventually(Condition condition, clock_type::duration patience = healing_patience) {
  const auto end = clock_type::now() + patience;
  while (!condition()) {
    if (clock_type::now() > end) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

// What did not hold, for the last lines.
std::string& broken() {
  static std::string all;
  return all;
}

bool holds(bool is_true, const char* what) {
  if (is_true) return true;
  std::printf("NOT HELD: %s\n", what);
  broken() += broken().empty() ? what : std::string("; ") + what;
  return false;
}

int parent() { return ::getppid(); }

/// Jobs in, jobs out, and what came of them.
class work {
 public:
  explicit work(bulkhead::runtime& rt)
      : in_(rt, shape("jobs")), out_(rt, shape("done")), reader_([this] { read(); }) {}
  ~work() { end(); }

  [[nodiscard]] const soak::jobs& in() const { return in_; }
  [[nodiscard]] const soak::jobs& out() const { return out_; }
  void begin() {
    writer_ = std::thread([this] { write(); });
  }
  /// No jobs come any more; waits until all are done.
  bool finish() {
    over_ = true;
    if (writer_.joinable()) writer_.join();
    return eventually([this] { return book.distinct == sent_; }, 60s);
  }
  void end() {
    if (!reader_.joinable()) return;
    finish();
    out_.close();
    reader_.join();
  }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] clock_type::duration stall() {
    const auto now = clock_type::now();
    if (book.entered != last_entered_) last_progress_ = now;
    last_entered_ = book.entered;
    return now - last_progress_;
  }

  soak::ledger book;

 private:
  static bulkhead::queue_options shape(const char* name) {
    return {.name = name,
            .capacity = 512,
            .max_attempts = 0,
            .max_deliveries = 0,
            .participants = soak::processes * 3};
  }
  void write() {
    while (!over_) {
      for (int n = 0; n < 8; ++n) in_.send(soak::make_item(sent_++));
      std::this_thread::sleep_for(2ms);
    }
  }
  void read() {
    out_.consume([this](const soak::job& j) { book.enter(j); });
  }

  soak::jobs in_, out_;
  std::atomic<bool> over_{false};
  std::atomic<std::uint64_t> sent_{0};
  std::uint64_t last_entered_ = 0;
  clock_type::time_point last_progress_ = clock_type::now();
  std::thread reader_, writer_;
};

/// How children ended, by cause.
class causes {
 public:
  void enter(const bulkhead::supervision_event& e) {
    const auto* const end = std::get_if<bulkhead::events::exited>(&e.what);
    if (end == nullptr) return;
    const std::lock_guard lock(mutex_);
    ++counts_[end->status.cause];
  }
  [[nodiscard]] long of(bulkhead::death_cause cause) const {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(cause);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<bulkhead::death_cause, long> counts_;
};

class storm {
 public:
  storm(bulkhead::supervisor& root, pid_t keeper, unsigned long seed)
      : root_(&root), keeper_(keeper), random_(seed) {}
  ~storm() { let_go(clock_type::time_point::max()); }

  /// One blow.
  bool strike() {
    let_go(clock_type::now());
    const auto all = soak::children_of(keeper_);
    const auto roll = random_() % 64;
    if (roll == 0) return end_a_quarter();
    if (all.empty()) return true;
    const pid_t victim = all[random_() % all.size()].pid;
    if (roll < 16) {
      if (!soak::signal_child(keeper_, victim, SIGSTOP)) return true;
      stopped_.push_back({victim, clock_type::now() + std::chrono::milliseconds(random_() % 200)});
      ++stops;
    } else {
      kills += soak::signal_child(keeper_, victim, SIGKILL);
    }
    return true;
  }
  std::chrono::milliseconds pause() { return std::chrono::milliseconds(1 + random_() % 60); }

  long kills = 0, stops = 0, ends = 0;

 private:
  struct stopped {
    pid_t who;
    clock_type::time_point until;
  };

  // In order: when the call returns nobody of it is left.
  bool end_a_quarter() {
    const std::string name = soak::mid_name(static_cast<int>(random_() % soak::mids));
    let_go(clock_type::time_point::max());
    root_->terminate_child(name);
    bool held = true;
    for (const soak::resident& r : soak::children_of(keeper_)) {
      held = held && (r.ended || !r.name.starts_with(name));
    }
    root_->restart_child(name);
    ++ends;
    return holds(held, "an orderly end leaves nobody of its part of the tree");
  }
  void let_go(clock_type::time_point until) {
    std::erase_if(stopped_, [&](const stopped& s) {
      if (s.until > until) return false;
      soak::signal_child(keeper_, s.who, SIGCONT);
      return true;
    });
  }

  bulkhead::supervisor* root_;
  pid_t keeper_;
  std::mt19937_64 random_;
  std::deque<stopped> stopped_;
};

void build(bulkhead::supervisor& root, const work& w) {
  for (int n = 0; n < soak::mids; ++n) {
    static_cast<void>(root.start_supervisor_process(
        {.name = soak::mid_name(n), .shutdown = 20s, .backoff = bulkhead::no_backoff},
        soak::unshaken(soak::mid_name(n)), soak::build_mid, n, w.in(), w.out()));
  }
}

bool is_whole(pid_t keeper) {
  std::size_t running = 0;
  for (const soak::resident& r : soak::children_of(keeper)) running += !r.ended;
  return running == soak::processes;
}

struct census {
  std::vector<std::string> host = soak::descriptors_of(::getpid());
  std::vector<std::string> keeper;
  explicit census(pid_t keeper_pid) : keeper(soak::descriptors_of(keeper_pid)) {}
  friend bool operator==(const census&, const census&) = default;
  [[nodiscard]] bool has_no_more_than(const census& other) const {
    return host.size() <= other.host.size() + bells_kept && keeper.size() <= other.keeper.size();
  }

  /// Once nothing has changed for half a second: what an end leaves to do is done by then.
  static census when_settled(pid_t keeper_pid) {
    census last(keeper_pid);
    for (int same = 0; same < 10;) {
      std::this_thread::sleep_for(50ms);
      const census now(keeper_pid);
      same = now == last ? same + 1 : 0;
      last = now;
    }
    return last;
  }
};

void print(const work& w, const storm& s, const causes& ends) {
  using bulkhead::death_cause;
  std::printf(
      "jobs %llu, kills %ld, stops %ld, orderly ends %ld; exits %ld, exceptions %ld, "
      "signals %ld, memory %ld, CPU %ld\n",
      static_cast<unsigned long long>(w.book.distinct), s.kills, s.stops, s.ends,
      ends.of(death_cause::exit), ends.of(death_cause::exception), ends.of(death_cause::signal),
      ends.of(death_cause::memory_limit), ends.of(death_cause::cpu_limit));
  std::fflush(stdout);
}

bool weather(bulkhead::supervisor& root, work& w, pid_t keeper, const causes& ends, long seconds,
             unsigned long seed) {
  storm s(root, keeper, seed);
  const auto end = clock_type::now() + std::chrono::seconds(seconds);
  auto next_line = clock_type::now();
  clock_type::duration stall{};
  bool held = true;
  while (clock_type::now() < end && held) {
    std::this_thread::sleep_for(s.pause());
    held = s.strike();
    stall = std::max(stall, w.stall());
    if (clock_type::now() < next_line) continue;
    next_line += 10s;
    print(w, s, ends);
  }
  print(w, s, ends);
  std::printf("longest stall %.2f s\n", std::chrono::duration<double>(stall).count());
  return holds(stall < longest_stall, "jobs go on being done") && held;
}

bool saw_every_cause(const causes& ends) {
  using bulkhead::death_cause;
  bool all = true;
  for (const auto cause : {death_cause::exit, death_cause::exception, death_cause::signal,
                           death_cause::memory_limit, death_cause::cpu_limit}) {
    all = all && ends.of(cause) > 0;
  }
  return all;
}

bool soak_tree(bulkhead::runtime& rt, work& w, pid_t keeper, long seconds, unsigned long seed) {
  causes ends;
  bulkhead::supervisor root{rt, soak::unshaken("root")};
  root.on_event([&](const bulkhead::supervision_event& e) { ends.enter(e); });
  build(root, w);
  bool held = holds(eventually([&] { return is_whole(keeper); }), "the tree comes up");
  w.begin();
  held = weather(root, w, keeper, ends, seconds, seed) && held;
  held = holds(eventually([&] { return is_whole(keeper); }), "all 100 run again") && held;
  // All processes may be there before the last supervisor's function has returned: until then it is
  // restarting.
  held = holds(eventually([&] { return root.count_children().active == soak::mids; }),
               "the root has its children") &&
         held;
  held = holds(w.finish(), "every job is done") && held;
  held = holds(w.book.lost(w.sent()) == 0, "no job is lost") && held;
  held =
      holds(w.book.distinct == w.book.entered && w.book.torn == 0, "no job is done twice") && held;
  if (seconds >= seconds_for_all_causes) {
    held = holds(saw_every_cause(ends), "each cause of an end is told") && held;
  }
  root.shutdown();
  return held;
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  const long seconds = bench::number_after(argc, argv, "--seconds", 600);
  const auto seed = static_cast<unsigned long>(
      bench::number_after(argc, argv, "--seed", static_cast<int>(std::random_device()() >> 2)));
  std::printf("tree_soak: %ld s, --seed %lu\n", seconds, seed);
  ::alarm(static_cast<unsigned>(seconds + 300));  // whatever hangs is a failure
  bulkhead::runtime rt;
  const pid_t keeper = rt.call(parent).get();
  work w(rt);
  {
    bulkhead::supervisor once{rt, soak::unshaken("once")};  // what is made at first use is there
    build(once, w);
  }
  const census before = census::when_settled(keeper);
  bool held = soak_tree(rt, w, keeper, seconds, seed);
  held = holds(soak::children_of(keeper).empty(), "nobody is left of the tree") && held;
  const census after = census::when_settled(keeper);
  std::printf("descriptors of host and keeper: %zu and %zu before, %zu and %zu after\n",
              before.host.size(), before.keeper.size(), after.host.size(), after.keeper.size());
  held = holds(after.has_no_more_than(before), "every descriptor is back") && held;
  w.end();
  if (held) {
    std::printf("all held\n");
  } else {
    std::printf("NOT ALL HELD, --seconds %ld --seed %lu: %s\n", seconds, seed, broken().c_str());
  }
  return held ? 0 : 1;
}
