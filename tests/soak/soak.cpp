// Kills and stops at random instants over queue and forward, for minutes: nothing is lost, nothing
// comes twice unmarked, nothing stops.
//   soak [--seconds N] [--kill-every-ms N] [--seed N]
// Chain 1: source -> 2 stages -> 2 stages -> sink, by forward: exactly once.
// Chain 2: source -> 2 stages -> sink, by send and acknowledge: at least once, doubles marked.
// Beside them a bystander, which must not notice: p99.9 of its stalls is at most 50 ms.
// Exit status 0: all held. A random-kill soak hits a window of some instructions rarely;
// tests/stepper hits each.
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>

#include "soak/bystander.hpp"
#include "soak/ledger.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using soak::item;

constexpr auto longest_stall = 5s;

struct options {
  long seconds = 600;
  long kill_every_ms = 3;
  unsigned long seed = std::random_device()();
};

options parse(int argc, char** argv) {
  options given;
  for (int n = 1; n < argc; n += 2) {
    char* end = nullptr;
    const long value = n + 1 < argc ? std::strtol(argv[n + 1], &end, 10) : -1;
    if (end == nullptr || *end != '\0' || value <= 0) {
      std::fprintf(stderr, "soak: %s wants a whole number above 0\n", argv[n]);
      std::exit(2);
    }
    if (std::strcmp(argv[n], "--seconds") == 0) {
      given.seconds = value;
    } else if (std::strcmp(argv[n], "--kill-every-ms") == 0) {
      given.kill_every_ms = value;
    } else if (std::strcmp(argv[n], "--seed") == 0) {
      given.seed = static_cast<unsigned long>(value);
    } else {
      std::fprintf(stderr, "soak: unknown option %s\n", argv[n]);
      std::exit(2);
    }
  }
  return given;
}

bulkhead::queue_options shape(const char* name) {
  return {.name = name, .capacity = 256, .max_attempts = 0, .max_deliveries = 0};
}

struct chain {
  chain(bulkhead::runtime& rt, const char* n)
      : name(n), sink(rt, shape("sink")), total(rt, shape("total")) {}
  // Reads the sink until it is closed.
  void drain() {
    reader = std::thread([this] { sink.consume([this](const item& i) { book.enter(i); }); });
  }

  const char* name;
  bulkhead::queue<item> sink;
  bulkhead::queue<std::uint64_t> total;
  soak::ledger book;
  std::thread reader;
  std::uint64_t last_entered = 0;
  clock_type::time_point last_progress = clock_type::now();
  clock_type::duration stall{};

  void look() {
    const auto now = clock_type::now();
    if (book.entered != last_entered) {
      last_entered = book.entered;
      last_progress = now;
    }
    stall = std::max(stall, now - last_progress);
  }
  // More messages than all queues hold have come: the source of this chain is up again.
  bool is_flowing() {
    constexpr std::uint64_t more_than_under_way = 20'000;
    const std::uint64_t goal = book.entered + more_than_under_way;
    const auto end = clock_type::now() + 60s;
    while (book.entered < goal && clock_type::now() < end) std::this_thread::sleep_for(1ms);
    return book.entered >= goal;
  }
  bool report() {
    const auto sent = total.receive_for(60s);
    const std::uint64_t lost = sent ? book.lost(*sent) : ~std::uint64_t{0};
    std::printf(
        "%s: sent %llu, lost %llu, unmarked doubles %llu, marked doubles %llu, torn %llu, longest "
        "stall %.2f s\n",
        name, static_cast<unsigned long long>(sent.value_or(0)),
        static_cast<unsigned long long>(lost),
        static_cast<unsigned long long>(book.unmarked_doubles),
        static_cast<unsigned long long>(book.marked_doubles),
        static_cast<unsigned long long>(book.torn), std::chrono::duration<double>(stall).count());
    return sent && *sent > 0 && lost == 0 && book.unmarked_doubles == 0 && book.torn == 0 &&
           stall < longest_stall;
  }
};

using children = std::vector<bulkhead::process>;

template <class Fn, class... Args>
void start(bulkhead::supervisor& sup, children& all, const std::string& name, Fn fn,
           const Args&... args) {
  all.push_back(sup.start(
      {.name = name, .restart = bulkhead::restart::transient, .backoff = bulkhead::no_backoff}, fn,
      args...));
}

// Stops processes for some milliseconds each: who is stopped is not dead, and holds what it has.
class stopper {
 public:
  explicit stopper(const children& all) : all_(&all) {}
  ~stopper() { let_go(clock_type::time_point::max()); }
  void stop(std::size_t which, clock_type::duration time) {
    (*all_)[which].signal(SIGSTOP);
    stopped_.push_back({which, clock_type::now() + time});
    ++stops;
  }
  void let_go(clock_type::time_point until) {
    for (std::size_t n = stopped_.size(); n-- > 0;) {
      if (stopped_[n].until > until) continue;
      (*all_)[stopped_[n].which].signal(SIGCONT);
      stopped_.erase(stopped_.begin() + static_cast<std::ptrdiff_t>(n));
    }
  }
  long stops = 0;

 private:
  struct stopped {
    std::size_t which;
    clock_type::time_point until;
  };
  const children* all_;
  std::vector<stopped> stopped_;
};

long kill_at_random(const children& all, std::initializer_list<chain*> chains,
                    const options& given) {
  std::mt19937_64 random(given.seed);
  std::exponential_distribution<double> pause(1.0 / static_cast<double>(given.kill_every_ms));
  const auto end = clock_type::now() + std::chrono::seconds(given.seconds);
  auto next_line = clock_type::now();
  long kills = 0;
  stopper stopping(all);
  while (clock_type::now() < end) {
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(pause(random)));
    stopping.let_go(clock_type::now());
    if (random() % 8 == 0) {
      stopping.stop(random() % all.size(), std::chrono::milliseconds(1 + random() % 40));
    } else {
      all[random() % all.size()].kill();
      ++kills;
    }
    for (chain* c : chains) c->look();
    if (clock_type::now() < next_line) continue;
    next_line += 10s;
    std::printf("kills %ld, stops %ld", kills, stopping.stops);
    for (chain* c : chains)
      std::printf(", %s %llu", c->name, static_cast<unsigned long long>(c->book.distinct));
    std::printf("\n");
    std::fflush(stdout);
  }
  return kills;
}

// Ends a chain from its front: the source tells its total, each queue is closed when those who fill
// it have ended.
void finish(bulkhead::supervisor& sup, children& all, const std::string& prefix,
            bulkhead::queue<item> first, bulkhead::queue<item> middle, chain& c) {
  sup.terminate_child(prefix + "source");
  const auto join = [&](const char* part) {
    for (auto& p : all) {
      if (p.name().starts_with(prefix + part)) p.join();
    }
  };
  first.close();
  join("early");
  middle.close();
  join("late");
  c.sink.close();
  c.reader.join();
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  const options given = parse(argc, argv);
  std::printf("soak: %ld s, a kill every %ld ms, seed %lu\n", given.seconds, given.kill_every_ms,
              given.seed);
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  chain once(rt, "exactly once");
  chain marked(rt, "at least once");
  bulkhead::queue<item> first{rt, shape("first")}, middle{rt, shape("middle")},
      plain{rt, shape("plain")};
  children all;
  start(sup, all, "1-source", soak::source, first, once.total);
  start(sup, all, "2-source", soak::source, plain, marked.total);
  for (const char* n : {"a", "b"}) {
    start(sup, all, std::string("1-early-") + n, soak::stage, first, middle);
    start(sup, all, std::string("1-late-") + n, soak::stage, middle, once.sink);
    start(sup, all, std::string("2-early-") + n, soak::careless_stage, plain, marked.sink);
  }
  once.drain();
  marked.drain();
  soak::bystanders beside(rt);
  const long kills = kill_at_random(all, {&once, &marked}, given);
  const bool undisturbed = beside.report();
  // A source that was killed last must be there again, to say how much it sent when it is ended.
  const bool flowing = once.is_flowing() && marked.is_flowing();
  finish(sup, all, "1-", first, middle, once);
  finish(sup, all, "2-", plain, plain, marked);
  std::printf("kills %ld\n", kills);
  const bool held = once.report();
  return marked.report() && held && flowing && undisturbed ? 0 : 1;
}
