// Children that the keeper starts again without asking their supervisor, because it was told before
// that it may.
#include <atomic>
#include <boost/asio/post.hpp>
#include <csignal>
#include <future>

#include "process/supervisors/nested_support.hpp"

using namespace bulkhead_test;
using bulkhead::supervisor;
namespace events = bulkhead::events;
namespace this_process = bulkhead::this_process;

namespace {

using namespace std::chrono_literals;

/// As long as it lives the runtime's thread, on which its supervisors decide, does nothing.
class busy_host {
 public:
  explicit busy_host(bulkhead::runtime& rt) {
    boost::asio::post(rt.get_executor(), [this] {
      is_busy_.set_value();
      free_.get_future().wait();
    });
    is_busy_.get_future().wait();
  }
  busy_host(const busy_host&) = delete;
  busy_host& operator=(const busy_host&) = delete;
  ~busy_host() { free_.set_value(); }

 private:
  std::promise<void> is_busy_;
  std::promise<void> free_;
};

struct scene {
  explicit scene(const bulkhead::supervisor_options& options = bears_all) : sup(rt, options) {
    log.listen_to(sup);
  }
  bulkhead::process start(const bulkhead::child_spec& spec) { return sup.start(spec, serve, said); }

  bulkhead::runtime rt;
  hellos said{rt};
  event_log log;
  supervisor sup;
};

// Its first incarnation dies with a message in its hands.
void take_and_die(bulkhead::queue<int> jobs, bulkhead::queue<std::uint32_t> attempts) {
  for (;;) {
    auto job = jobs.take();
    if (this_process::incarnation() == 1) ::raise(SIGKILL);
    attempts.send(job.attempt());
    job.ack();
  }
}

void leave_once(hellos said, int code) {
  say_hello(said);
  if (this_process::incarnation() == 1) std::exit(code);
  while (!this_process::stop_requested()) ::usleep(200);
}

}  // namespace

TEST_CASE("a child is back although its host is busy", "[supervisor][unasked][crash]") {
  scene s;
  const auto worker = s.start({.name = "worker"});
  const hello first = heard(s.said);
  hello second;
  {
    const busy_host busy(s.rt);
    ::kill(first.pid, SIGKILL);
    second = heard(s.said);
  }
  CHECK(second.incarnation == 2);
  CHECK(second.pid != first.pid);
  CHECK(eventually([&] { return worker.id() == second.pid && worker.incarnation() == 2; }));
  CHECK(s.log.of<events::exited>().size() == 1);
  CHECK(s.log.of<events::restarting>().size() == 1);
  CHECK(eventually([&] { return s.log.of<events::ready>().size() == 2; }));
  SECTION("and it is a child like any other: it is stopped, and started again") {
    s.sup.terminate_child("worker");
    CHECK_FALSE(lives(second.pid));
    s.sup.restart_child("worker");
    CHECK(heard(s.said).incarnation == 3);
  }
  SECTION("also the next time") {
    REQUIRE(eventually([&] { return s.sup.find_child("worker")->incarnation == 2; }));
    ::kill(second.pid, SIGKILL);
    CHECK(heard(s.said).incarnation == 3);
  }
}

TEST_CASE("with it comes what the dead one had", "[supervisor][unasked][crash]") {
  scene s;
  bulkhead::queue<int> jobs{s.rt};
  bulkhead::queue<std::uint32_t> attempts{s.rt};
  s.sup.start({.name = "taker"}, take_and_die, jobs, attempts);
  const busy_host busy(s.rt);
  jobs.send(7);
  CHECK(attempts.receive_for(soon) == 2u);
}

TEST_CASE("only after an end that its rules start it again after", "[supervisor][unasked]") {
  scene s;
  bulkhead::child_spec spec{.name = "leaver", .restart = bulkhead::restart::transient};
  SECTION("an abnormal one") {
    s.sup.start(spec, leave_once, s.said, 3);
    heard(s.said);
    CHECK(heard(s.said).incarnation == 2);
  }
  SECTION("not a normal one") {
    s.sup.start(spec, leave_once, s.said, 0);
    heard(s.said);
    CHECK(eventually([&] { return s.log.of<events::exited>().size() == 1; }));
    CHECK(s.sup.find_child("leaver")->state == bulkhead::child_state::stopped);
    CHECK_FALSE(s.said.try_receive());
  }
}

TEST_CASE("no child is started more often than its supervisor bears", "[supervisor][unasked]") {
  scene s{{.intensity = 2, .period = 1h}};
  s.start({.name = "worker", .backoff = bulkhead::no_backoff});
  for (std::uint64_t n = 1; n <= 3; ++n) {
    const hello next = heard(s.said);
    CHECK(next.incarnation == n);
    REQUIRE(eventually([&] { return s.log.of<events::ready>().size() == n; }));
    const busy_host busy(s.rt);
    ::kill(next.pid, SIGKILL);
    // The keeper does what it does before its host hears of anything.
    if (n < 3) continue;
    CHECK(eventually([&] { return !lives(next.pid); }));
  }
  CHECK(s.sup.join() == bulkhead::end_reason::gave_up);
  CHECK_FALSE(s.said.try_receive());
}

TEST_CASE("what the keeper started and nobody wants any more is ended first",
          "[supervisor][unasked]") {
  scene s{{.intensity = 1, .period = 1h}};
  std::atomic<std::int32_t> unwanted = 0;
  std::promise<bool> overlaps;
  s.sup.on_event([&](const bulkhead::supervision_event& e) {
    const bool is_end = std::holds_alternative<events::exited>(e.what) && e.child == "first";
    if (is_end) overlaps.set_value(lives(unwanted));
  });
  // One failure is borne: the first of them is followed, the other is not.
  s.start({.name = "first"});
  const hello first = heard(s.said);
  s.start({.name = "other"});
  const hello other = heard(s.said);
  {
    const busy_host busy(s.rt);
    // Both fail before their supervisor hears of either, that first which it has to decide on.
    ::kill(other.pid, SIGKILL);
    REQUIRE(eventually([&] { return !lives(other.pid); }));
    ::kill(first.pid, SIGKILL);
    const hello again = heard(s.said);
    CHECK(again.name == "first");
    CHECK(again.incarnation == 2);
    unwanted = again.pid;
  }
  CHECK(s.sup.join() == bulkhead::end_reason::gave_up);
  CHECK_FALSE(overlaps.get_future().get());
  CHECK_FALSE(lives(unwanted));
}
