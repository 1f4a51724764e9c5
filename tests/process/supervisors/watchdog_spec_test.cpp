// Supervised children with a watchdog that are not hung, and specifications that make no sense.
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "process/supervisors/watchdog_support.hpp"

using namespace bulkhead_test;
using bulkhead::child_spec;
using bulkhead::death_cause;
using bulkhead::queue;
using bulkhead::supervisor;
namespace this_process = bulkhead::this_process;

namespace {

const bulkhead::supervisor_options bears_nothing{.intensity = 0};

child_spec watched(const char* name) { return {.name = name, .watchdog = watched_patience}; }

/// A file that children wait for without a word.
class signal_file {
 public:
  explicit signal_file(const char* name)
      : path_("/tmp/bulkhead_watchdog_" + std::to_string(::getpid()) + name) {}
  signal_file(const signal_file&) = delete;
  signal_file& operator=(const signal_file&) = delete;
  ~signal_file() { std::remove(path_.c_str()); }
  void make() const { std::fclose(std::fopen(path_.c_str(), "w")); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void wait_in_silence(const std::string& file) {
  while (::access(file.c_str(), F_OK) != 0) ::usleep(1000);
}

void forward_all(queue<int> from, queue<int> to) {
  for (int n : from) to.send(n);
}

void wait_for_own_child(hellos said) {
  auto child = this_process::runtime().spawn(serve, said);
  static_cast<void>(child.join_for(bulkhead_test::soon * 100));
}

// That thread has beaten once, and sleeps in Asio.
void wait_on_the_runtimes_thread(hellos said, queue<int> never) {
  queue<int> own{this_process::runtime()};
  own.send(1);
  own.async_receive([said, never](const boost::system::error_code&, int) {
    never.async_receive([](const boost::system::error_code&, int) {});
    say_hello(said);
  });
  queue<int> nothing{this_process::runtime()};
  static_cast<void>(nothing.receive());
}

// By the gates alone, once these are its own.
void send_and_receive(bulkhead::pipe_end<int, int> a, bulkhead::pipe_end<int, int> b) {
  while (!this_process::stop_requested()) {
    for (int n = 0; n < 1000; ++n) {
      a.send(n);
      static_cast<void>(b.receive());
    }
  }
}

void take_and_ack(queue<int> q) {
  while (!this_process::stop_requested()) {
    for (int n = 0; n < 1000; ++n) {
      q.send(n);
      q.take().ack();
    }
  }
}

void beat(hellos said) {
  say_hello(said);
  while (!this_process::stop_requested()) {
    this_process::heartbeat();
  }
}

}  // namespace

TEST_CASE("who waits in a call of ours is never hung, stopped or not", "[supervisor][watchdog]") {
  bulkhead::runtime rt;
  hellos said{rt};
  queue<int> never{rt};
  queue<int> in{rt};
  queue<int> out{rt};
  queue<int> held{rt};
  held.send(1);
  const auto lease = held.take();
  auto [near, far] = bulkhead::make_pipe<int, int>(rt);
  supervisor sup{rt, bears_nothing};
  const auto stopped = sup.start(watched("queue"), forward_all, in, out);
  sup.start(
      watched("pipe"), [](bulkhead::pipe_end<int, int> end) { end.receive(); }, std::move(far));
  sup.start(
      watched("any"), [](queue<int> q) { bulkhead::wait_any(std::chrono::hours(1), q); }, never);
  sup.start(
      watched("join"), [](queue<int> q) { q.join(); }, held);
  sup.start(watched("child"), wait_for_own_child, said);
  static_cast<void>(heard(said));
  sup.start(watched("async"), wait_on_the_runtimes_thread, said, never);
  static_cast<void>(heard(said));
  stopped.signal(SIGSTOP);
  let_patience_pass(rt, 4);
  stopped.signal(SIGCONT);
  CHECK_FALSE(sup.ended());
  for (const auto& child : sup.which_children()) {
    INFO(child.name);
    CHECK(child.incarnation == 1);
    CHECK(child.state == bulkhead::child_state::running);
  }
  in.send(5);
  CHECK(out.receive_for(soon) == 5);
}

TEST_CASE("messages are signs of life, by the fast paths too, and so is heartbeat()",
          "[supervisor][watchdog]") {
  bulkhead::runtime rt;
  hellos said{rt};
  queue<int> q{rt};
  auto [a, b] = bulkhead::make_pipe<int, int>(rt);
  supervisor sup{rt, bears_nothing};
  sup.start(watched("pipe"), send_and_receive, std::move(a), std::move(b));
  sup.start(watched("queue"), take_and_ack, q);
  sup.start(watched("beats"), beat, said);
  let_patience_pass(rt, 3);
  CHECK_FALSE(sup.ended());
  for (const auto& child : sup.which_children()) CHECK(child.incarnation == 1);
}

TEST_CASE("a watchdog begins when its child is up", "[supervisor][watchdog]") {
  bulkhead::runtime rt;
  const signal_file go("ready");
  supervisor sup{rt, bears_nothing};
  child_spec spec = watched("slow");
  spec.ready = bulkhead::readiness::on_call;
  spec.start_timeout = 60s;
  std::thread starts([&] {
    sup.start(
        spec,
        [](const std::string& file) {
          wait_in_silence(file);
          this_process::ready();
          while (!this_process::stop_requested()) this_process::heartbeat();
        },
        go.path());
  });
  let_patience_pass(rt, 3);
  go.make();
  starts.join();
  CHECK(sup.find_child("slow")->incarnation == 1);
}

TEST_CASE("a watchdog ends when its child is asked to stop", "[supervisor][watchdog]") {
  bulkhead::runtime rt;
  const signal_file go("stop");
  end_log log;
  supervisor sup{rt, bears_nothing};
  log.listen_to(sup);
  child_spec spec = watched("slow");
  spec.shutdown = bulkhead::infinity;
  sup.start(
      spec,
      [](const std::string& file) {
        while (!this_process::stop_requested()) this_process::heartbeat();
        wait_in_silence(file);
      },
      go.path());
  std::thread stops([&] { sup.terminate_child("slow"); });
  let_patience_pass(rt, 3);
  go.make();
  stops.join();
  CHECK(log.first().cause == death_cause::stopped);
}

TEST_CASE("a watchdog is refused for what can give no sign of life", "[supervisor][watchdog]") {
  bulkhead::runtime rt;
  supervisor sup{rt};
  CHECK_THROWS_WITH(sup.start(watched("tool"), bulkhead::command{"/bin/true"}),
                    Catch::Matchers::Contains("watchdog"));
  CHECK_THROWS_WITH(sup.start_supervisor(watched("nested"), [](supervisor&) {}),
                    Catch::Matchers::Contains("watchdog"));
  child_spec never = watched("never");
  never.watchdog = 0s;
  CHECK_THROWS_WITH(sup.start(never, serve, hellos{rt}), Catch::Matchers::Contains("watchdog"));
  CHECK(sup.which_children().empty());
}
