// A service of two supervised groups that heals while it serves: four workers square numbers and
// are killed at random, a counter and its store restart together. Every number is answered once.
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>

using namespace std::chrono_literals;
namespace bh = bulkhead;

namespace {

struct answer {
  int number = 0;
  int square = 0;
};

void square(bh::queue<int> numbers, bh::queue<answer> answers) {
  for (;;) {
    auto number = numbers.take();
    number.forward(answers, answer{*number, *number * *number});
  }
}

void keep_books(bh::queue<int> entries) {
  bh::this_process::ready();  // a real one would load its state first
  entries.consume([](int) {});
}

// How often each child was started again, as its supervisor's events tell.
class restart_counter {
 public:
  void watch(bh::supervisor& sup) {
    sup.on_event([this](const bh::supervision_event& event) {
      const std::lock_guard lock(mutex_);
      if (std::holds_alternative<bh::events::restarting>(event.what)) ++restarts_[event.child];
    });
  }
  void print() {
    const std::lock_guard lock(mutex_);
    for (const auto& [child, times] : restarts_) {
      std::printf("  %-8s restarted %d times\n", child.c_str(), times);
    }
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> restarts_;
};

}  // namespace

int main(int argc, char** argv) {
  bh::init(argc, argv);
  restart_counter restarts;  // outlives the runtime, whose thread writes it
  bh::runtime rt;
  bh::queue<int> numbers{rt, {.max_attempts = 0, .max_deliveries = 0}};
  bh::queue<answer> answers{rt, {.capacity = 4096}};
  bh::queue<int> entries{rt};

  bh::supervisor workers{rt, {.strategy = bh::strategy::one_for_one, .intensity = bh::unlimited}};
  bh::supervisor books{rt, {.strategy = bh::strategy::one_for_all, .intensity = bh::unlimited}};
  restarts.watch(workers);
  restarts.watch(books);
  std::vector<bh::process> children;
  for (const char* name : {"worker-1", "worker-2", "worker-3", "worker-4"}) {
    children.push_back(workers.start({.name = name, .process = {.limits = {.memory = 256u << 20}}},
                                     square, numbers, answers));
  }
  for (const char* name : {"counter", "store"}) {
    children.push_back(books.start(
        {.name = name, .ready = bh::readiness::on_call, .start_timeout = 5s}, keep_books, entries));
  }

  constexpr int last = 2000;
  std::mt19937 random(1);
  std::set<int> missing;
  int wrong = 0;
  const auto take_answer = [&] {
    const auto a = answers.receive_for(20s);
    if (a && (missing.erase(a->number) != 1 || a->square != a->number * a->number)) ++wrong;
    return a.has_value();
  };
  bool answered = true;
  for (int n = 1; n <= last && answered; ++n) {
    missing.insert(n);
    numbers.send(n);
    if (n % 50 == 0) children[random() % children.size()].kill();
    if (missing.size() > 20) answered = take_answer();
  }
  while (!missing.empty() && answered) answered = take_answer();
  std::printf("%d numbers, %zu without an answer, %d answered wrongly or twice\n", last,
              missing.size(), wrong);
  restarts.print();
  workers.shutdown();
  books.shutdown();
  return missing.empty() && wrong == 0 ? 0 : 1;
}
