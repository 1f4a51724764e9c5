// Supervised children with spares: who takes over, with what, and what becomes of the others.
#include "process/supervisors/standby_support.hpp"

#include <csignal>
#include <stdexcept>

#include "process/library/facts.hpp"
#include "process/library/reserves.hpp"

using namespace bulkhead_test;
using bulkhead::death_cause;
using bulkhead::errc;
using bulkhead::pipe_end;
using bulkhead::queue;
using bulkhead::supervisor;
namespace events = bulkhead::events;
namespace this_process = bulkhead::this_process;

namespace {

// A supervisor whose children say hello, and what it tells of them.
struct scene {
  explicit scene(const bulkhead::supervisor_options& options = bears_all) : sup(rt, options) {
    log.listen_to(sup);
  }
  bulkhead::process start(bulkhead::child_spec spec) {
    spec.name = "worker";
    auto started = sup.start(spec, serve_prepared, said);
    return started;
  }

  bulkhead::runtime rt;
  prepared_hellos said{rt};
  event_log log;
  supervisor sup;
};

// Its first incarnation dies with a message in its hands.
void take_and_die(queue<int> jobs, queue<std::uint32_t> attempts) {
  for (;;) {
    auto job = jobs.take();
    if (this_process::incarnation() == 1) ::raise(SIGKILL);
    attempts.send(job.attempt());
    job.ack();
  }
}

void echo(pipe_end<int, int> end) {
  for (;;) {
    const int n = end.receive();
    if (n == 0) ::raise(SIGKILL);
    end.send(n + 1000 * static_cast<int>(this_process::incarnation()));
  }
}

void never_prepared() { throw std::runtime_error("no model there"); }
void prepared_once() {
  if (this_process::incarnation() == 0) throw std::runtime_error("no second model");
}

}  // namespace

TEST_CASE("a spare is prepared, waits, and is the next incarnation",
          "[supervisor][standby][crash]") {
  scene s;
  auto worker = s.start({.standby = 1, .prepare = prepare});
  const auto first = heard(s.said);
  CHECK(first.incarnation == 1);
  CHECK(first.prepared_as == 1);
  REQUIRE(has_standbys(s.sup, "worker"));
  CHECK_FALSE(s.said.try_receive());
  worker.kill();
  const auto second = heard(s.said);
  CHECK(second.incarnation == 2);
  CHECK(second.prepared_as == 0);
  CHECK(eventually([&] { return second.pid == worker.id(); }));
  CHECK(eventually([&] { return s.log.has<events::standby_promoted>("supervisor worker"); }));
  SECTION("and another one waits then") {
    REQUIRE(eventually([&] { return worker.incarnation() == 2; }));
    REQUIRE(has_standbys(s.sup, "worker"));
    kill_incarnation(worker, 2);
    CHECK(heard(s.said).prepared_as == 0);
  }
}

TEST_CASE("its promotion is told between the end and the start", "[supervisor][standby][crash]") {
  bulkhead::runtime rt;
  prepared_hellos said{rt};
  queue<std::string> told{rt};
  supervisor sup{rt, bears_all};
  sup.on_event([&](const bulkhead::supervision_event& e) {
    const std::string text = to_text(e);
    told.send(text.substr(text.find(": ") + 2));
  });
  auto worker = sup.start({.name = "worker", .standby = 1}, serve_prepared, said);
  heard(said);
  REQUIRE(has_standbys(sup, "worker"));
  worker.kill();
  std::vector<std::string> all;
  for (int n = 0; n < 7; ++n) all.push_back(told.receive_for(soon).value_or("nothing"));
  CHECK(all == std::vector<std::string>{"started", "ready", "exited: signal 9 (SIGKILL)",
                                        "restarting, attempt 1", "a standby takes over", "started",
                                        "ready"});
}

TEST_CASE("what the dead child held comes back to the spare", "[supervisor][standby][crash]") {
  scene s;
  queue<int> jobs{s.rt};
  queue<std::uint32_t> attempts{s.rt};
  s.sup.start({.name = "taker", .standby = 1}, take_and_die, jobs, attempts);
  REQUIRE(has_standbys(s.sup, "taker"));
  jobs.send(7);
  CHECK(attempts.receive_for(soon) == 2u);
  CHECK(jobs.size() == 0);
  CHECK(eventually([&] { return s.log.of<events::standby_promoted>().size() == 1; }));
}

TEST_CASE("a spare resumes the child's pipe end", "[supervisor][standby][pipe][crash]") {
  scene s;
  auto [mine, its] = bulkhead::make_pipe<int, int>(s.rt);
  auto child = s.sup.start({.name = "echo", .backoff = bulkhead::no_backoff, .standby = 1}, echo,
                           std::move(its));
  for (int incarnation = 1; incarnation <= 3; ++incarnation) {
    mine.send(7);
    CHECK(mine.receive_for(soon) == 7 + 1000 * incarnation);
    REQUIRE(eventually([&] { return child.incarnation() == static_cast<unsigned>(incarnation); }));
    REQUIRE(has_standbys(s.sup, "echo"));
    mine.send(0);
    std::error_code ec;
    CHECK_FALSE(mine.receive_for(soon, ec));
    CHECK(ec == errc::peer_restarted);
  }
  CHECK(eventually([&] { return s.log.of<events::standby_promoted>().size() == 3; }));
}

TEST_CASE("a spare that dies is replaced, and that is nobody's restart",
          "[supervisor][standby][crash]") {
  scene s{{.intensity = 0}};
  auto worker = s.start({.standby = 2});
  const auto first = heard(s.said);
  const auto keeper = parent_of(first.pid);
  for (int round = 0; round < 3; ++round) {
    REQUIRE(has_standbys(s.sup, "worker", 2));
    for (const auto pid : processes_named("worker", keeper)) {
      if (pid != first.pid) ::kill(pid, SIGKILL);
    }
    REQUIRE(eventually([&] {
      return s.log.of<events::standby_ended>().size() == static_cast<std::size_t>(2 * round + 2);
    }));
  }
  REQUIRE(has_standbys(s.sup, "worker", 2));
  CHECK(worker.incarnation() == 1);
  CHECK_FALSE(s.sup.ended());
  SECTION("the one that is left takes over") {
    CHECK(s.log.of<events::exited>().empty());
    s.sup.shutdown();
    CHECK(processes_named("worker", keeper).empty());
  }
}

TEST_CASE("spares end with the child that is stopped", "[supervisor][standby]") {
  scene s;
  bulkhead::child_spec spec{.standby = 3};
  if (GENERATE(false, true)) spec.shutdown = bulkhead::brutal_kill;
  s.start(spec);
  const auto first = heard(s.said);
  const auto keeper = parent_of(first.pid);
  REQUIRE(has_standbys(s.sup, "worker", 3));
  CHECK(processes_named("worker", keeper).size() == 4);
  s.sup.terminate_child("worker");
  CHECK(eventually([&] { return processes_named("worker", keeper).empty(); }));
  CHECK(s.log.of<events::standby_promoted>().empty());
  CHECK(s.log.of<events::standby_ended>().empty());
  CHECK(s.sup.find_child("worker")->standbys == 0);
  s.sup.restart_child("worker");
  CHECK(heard(s.said).incarnation == 2);
  CHECK(has_standbys(s.sup, "worker", 3));
  s.sup.shutdown();
  CHECK(processes_named("worker", keeper).empty());
}

TEST_CASE("with spares too no child is started more often than its supervisor bears",
          "[supervisor][standby][crash]") {
  scene s{{.intensity = 2, .period = 1h}};
  auto worker = s.start({.backoff = bulkhead::no_backoff, .standby = 2});
  for (std::uint64_t n = 1; n <= 3; ++n) {
    CHECK(heard(s.said).incarnation == n);
    if (n < 3) REQUIRE(has_standbys(s.sup, "worker", 2));
    kill_incarnation(worker, n);
  }
  CHECK(s.sup.join() == bulkhead::end_reason::gave_up);
  CHECK_FALSE(s.said.try_receive());
}

TEST_CASE("a preparation that fails", "[supervisor][standby][crash]") {
  scene s;
  SECTION("in the child is a failed start") {
    try {
      s.start({.prepare = never_prepared});
      FAIL("it came up");
    } catch (const bulkhead::error& failure) {
      CHECK(failure.code() == errc::start_failed);
      CHECK(failure.status().text.find("no model there") != std::string::npos);
    }
  }
  SECTION("in a spare ends that, is told, and tried again more and more seldom") {
    auto worker = s.start({.standby = 1, .prepare = prepared_once});
    CHECK(eventually([&] { return s.log.of<events::standby_ended>().size() >= 3; }));
    CHECK(worker.running());
    CHECK(worker.incarnation() == 1);
    heard(s.said);
    worker.kill();
    CHECK(heard(s.said).incarnation == 2);
  }
  SECTION("or does not end within the start's time") {
    s.start({.start_timeout = 500ms, .standby = 1, .prepare = [] {
               while (this_process::incarnation() == 0) ::usleep(1000);
             }});
    CHECK(eventually([&] { return !s.log.of<events::standby_ended>().empty(); }));
  }
}

TEST_CASE("many promotions leave neither process nor descriptor", "[supervisor][standby][crash]") {
  scene s;
  auto worker = s.start({.backoff = bulkhead::no_backoff, .standby = 1, .prepare = prepare});
  const auto keeper = parent_of(heard(s.said).pid);
  REQUIRE(has_standbys(s.sup, "worker"));
  REQUIRE(reserve_of(keeper) != 0);
  const int before = open_descriptors(keeper);
  const auto ours = host_facts::now();
  for (std::uint64_t n = 2; n < 32; ++n) {
    kill_incarnation(worker, n - 1);
    CHECK(heard(s.said).incarnation == n);
    REQUIRE(eventually([&] { return worker.incarnation() == n; }));
    REQUIRE(has_standbys(s.sup, "worker"));
  }
  REQUIRE(has_standbys(s.sup, "worker"));
  REQUIRE(reserve_of(keeper) != 0);
  CHECK(open_descriptors(keeper) == before);
  CHECK(host_facts::now().descriptors == ours.descriptors);
  CHECK(processes_named("worker", keeper).size() == 2);
}

TEST_CASE("who cannot wait has no spares", "[supervisor][standby]") {
  scene s;
  const auto refused = [&](const bulkhead::child_spec& spec) {
    CHECK_THROWS_AS(s.sup.start(spec, bulkhead::command{"/bin/true"}), std::invalid_argument);
    CHECK_THROWS_AS(s.sup.start_supervisor(spec, [](supervisor&) {}), std::invalid_argument);
  };
  refused({.name = "other", .standby = 1});
  refused({.name = "other", .prepare = prepare});
  CHECK(s.sup.which_children().empty());
}
