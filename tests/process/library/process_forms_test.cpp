// The forms of a process's and a supervisor's calls that do not throw, and what a runtime counts.
#include <unistd.h>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "process/library/waits.hpp"
#include "process/supervisors/event_log.hpp"
#include "support/catch.hpp"

using bulkhead::errc;
using bulkhead_test::event_log;
using bulkhead_test::eventually;
using bulkhead_test::soon;
namespace events = bulkhead::events;

namespace {

void leave_with(int code) { std::exit(code); }

void wait_for_stop() {
  while (!bulkhead::this_process::stop_requested()) usleep(200);
}

void crash_with_one(bulkhead::queue<int> jobs) {
  const auto held = jobs.take();
  std::abort();
}

[[noreturn]] void spin() {
  for (volatile unsigned n = 0;; n = n + 1) {
  }
}

}  // namespace

TEST_CASE("a process's calls report to an error_code", "[process][forms]") {
  std::error_code ec;
  SECTION("of an empty handle: stale_incarnation") {
    const bulkhead::process none;
    static_cast<void>(none.join(ec));
    CHECK(ec == errc::stale_incarnation);
    CHECK((none.try_join(ec) == std::nullopt && ec == errc::stale_incarnation));
    CHECK((none.join_for(soon, ec) == std::nullopt && ec == errc::stale_incarnation));
    none.request_stop(ec);
    CHECK(ec == errc::stale_incarnation);
    none.kill(ec);
    CHECK(ec == errc::stale_incarnation);
    none.terminate(ec);
    CHECK(ec == errc::stale_incarnation);
    CHECK((none.pidfd(ec) == -1 && ec == errc::stale_incarnation));
  }
  bulkhead::runtime rt;
  SECTION("of one that runs") {
    const auto child = rt.spawn(wait_for_stop);
    ec = errc::closed;
    CHECK((child.try_join(ec) == std::nullopt && !ec));
    CHECK((child.join_for(std::chrono::milliseconds(1), ec) == std::nullopt && !ec));
    child.signal(-4, ec);
    CHECK(ec == std::errc::invalid_argument);
    const int fd = child.pidfd(ec);
    CHECK((fd >= 0 && !ec));
    close(fd);
    child.request_stop(ec);
    CHECK(!ec);
    CHECK((child.join(ec).success() && !ec));
  }
  SECTION("of one that has ended") {
    const auto child = rt.spawn(leave_with, 7);
    CHECK((child.join_for(soon, ec)->code == 7 && !ec));
    CHECK((child.try_join(ec)->code == 7 && !ec));
    CHECK((child.pidfd(ec) == -1 && ec == errc::stale_incarnation));
  }
}

TEST_CASE("a time beyond the clock's end is waited for, not past", "[process][forms]") {
  bulkhead::runtime rt;
  const auto child = rt.spawn(leave_with, 7);
  CHECK(child.join_for(std::chrono::hours::max())->code == 7);
}

TEST_CASE("a supervisor's calls report to an error_code", "[supervisor][forms]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt};
  std::error_code ec;
  const auto child = sup.start({.name = "worker"}, wait_for_stop);
  SECTION("what is not there is an invalid argument") {
    sup.terminate_child("nobody", ec);
    CHECK(ec == std::errc::invalid_argument);
    sup.restart_child(std::uint64_t{77}, ec);
    CHECK(ec == std::errc::invalid_argument);
    sup.delete_child(std::uint64_t{77}, ec);
    CHECK(ec == std::errc::invalid_argument);
  }
  SECTION("what runs is neither deleted nor restarted") {
    sup.delete_child("worker", ec);
    CHECK(ec == errc::not_permitted);
    sup.delete_child(child.child_id(), ec);
    CHECK(ec == errc::not_permitted);
    sup.restart_child(child.child_id(), ec);
    CHECK(ec == errc::not_permitted);
  }
  SECTION("by its id a child is stopped, started again and forgotten") {
    const std::uint64_t id = child.child_id();
    sup.terminate_child(id, ec);
    CHECK((!ec && !child.running()));
    sup.restart_child(id, ec);
    CHECK((!ec && child.incarnation() == 2));
    sup.terminate_child(id);
    sup.delete_child(id, ec);
    CHECK((!ec && !sup.find_child(id)));
  }
  SECTION("its end") {
    CHECK((sup.try_join(ec) == std::nullopt && !ec));
    CHECK((sup.join_for(std::chrono::milliseconds(1), ec) == std::nullopt && !ec));
    sup.shutdown(ec);
    CHECK(!ec);
    CHECK((sup.join(ec) == bulkhead::end_reason::shutdown && !ec));
    CHECK(*sup.try_join() == bulkhead::end_reason::shutdown);
    CHECK(*sup.join_for(std::chrono::hours::max()) == bulkhead::end_reason::shutdown);
  }
}

TEST_CASE("a supervisor is shut down asynchronously", "[supervisor][forms]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt};
  const auto child = sup.start({.name = "worker"}, wait_for_stop);
  auto reason = sup.async_shutdown(boost::asio::use_future);
  REQUIRE(reason.wait_for(soon) == std::future_status::ready);
  CHECK(reason.get() == bulkhead::end_reason::shutdown);
  CHECK(child.try_join()->success());
}

TEST_CASE("a name that is taken is told, and by whom", "[supervisor][forms]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt};
  static_cast<void>(sup.start({.name = "worker"}, wait_for_stop));
  CHECK_THROWS_WITH(
      sup.start({.name = "worker"}, wait_for_stop),
      Catch::Contains("child 'worker': there is a child of this name already: it is running"));
  sup.terminate_child("worker");
  CHECK_THROWS_WITH(sup.start({.name = "worker"}, wait_for_stop),
                    Catch::Contains("of this name already: it is stopped"));
}

TEST_CASE("no function is no process", "[process][forms]") {
  bulkhead::runtime rt;
  void (*const nothing)() = nullptr;
  CHECK_THROWS_AS(rt.spawn(nothing), std::invalid_argument);
}

TEST_CASE("what needs the keeper of a runtime that is gone says so", "[process][forms]") {
  auto rt = std::make_unique<bulkhead::runtime>();
  bulkhead::queue<int> used{*rt, {.name = "used"}};
  bulkhead::queue<int> fresh{*rt};
  const auto ends = bulkhead::make_pipe<int, int>(*rt, {.name = "line"});
  used.send(1);
  rt.reset();
  std::error_code ec;
  fresh.send(1, ec);
  CHECK(ec == errc::runtime_gone);
  ec.clear();
  CHECK(fresh.sent(ec) == 0);
  CHECK(ec == errc::runtime_gone);
  CHECK(used.sent(ec) == 1);
  CHECK_FALSE(ec);
  CHECK(used.sender().sent(ec) == 1);
  const auto says = Catch::Contains("its runtime, and with it the keeper, is gone");
  CHECK_THROWS_WITH(used.dead_letters(), Catch::Contains("queue 'used'") && says);
  CHECK_THROWS_WITH(used.in_flight(), Catch::Contains("queue 'used'") && says);
  CHECK_THROWS_WITH(ends.first.peer(), Catch::Contains("pipe 'line'") && says);
  used.send(2, ec);
  CHECK(!ec);
}

TEST_CASE("a supervisor whose runtime is gone says so", "[supervisor][forms]") {
  auto rt = std::make_unique<bulkhead::runtime>();
  bulkhead::supervisor sup{*rt, {.name = "shop"}};
  static_cast<void>(sup.start({.name = "worker"}, wait_for_stop));
  rt.reset();
  std::error_code ec;
  static_cast<void>(sup.join(ec));
  CHECK(ec == errc::runtime_gone);
  CHECK((sup.join_for(soon, ec) == std::nullopt && ec == errc::runtime_gone));
  CHECK_THROWS_WITH(sup.join(), Catch::Contains("supervisor 'shop'"));
}

TEST_CASE("a runtime counts what its processes have done", "[process][forms]") {
  bulkhead::runtime rt;
  CHECK(rt.metrics() == bulkhead::runtime_metrics{});
  bulkhead::queue<int> jobs{rt};
  jobs.send(1);
  const auto waiting = rt.spawn(wait_for_stop);
  CHECK(rt.spawn(leave_with, 0).join().success());
  CHECK(rt.spawn(crash_with_one, jobs).join().signal == SIGABRT);
  const auto now = rt.metrics();
  CHECK((now.started == 3 && now.ended == 2 && now.running == 1));
  CHECK((now.failed == 1 && now.redelivered == 1));
  CHECK((now.dead_letters == 0 && now.held_back == 0));
}

TEST_CASE("who waits asynchronously is told when the runtime goes", "[process][forms]") {
  boost::asio::io_context io;
  auto rt = std::make_unique<bulkhead::runtime>();
  bulkhead::supervisor sup{*rt};
  const auto child = sup.start({.name = "worker"}, wait_for_stop);
  std::vector<boost::system::error_code> told;
  auto handler = boost::asio::bind_executor(
      io, [&](const boost::system::error_code& ec, const auto&) { told.push_back(ec); });
  child.async_wait(handler);
  bulkhead::async_wait_any(std::chrono::hours(1), child, handler);
  sup.async_wait(handler);
  CHECK(io.poll() == 0);
  rt.reset();
  io.run_for(soon);
  REQUIRE(told.size() == 3);
  for (const auto& ec : told) CHECK(ec == errc::runtime_gone);
}

TEST_CASE("a runtime counts each spare and each restart once", "[supervisor][forms]") {
  bulkhead::runtime rt;
  {
    bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
    const auto child = sup.start({.name = "worker", .standby = 1}, wait_for_stop);
    for (std::uint64_t n = 2; n < 6; ++n) {
      REQUIRE(eventually([&] { return sup.find_child("worker")->standbys == 1; }));
      child.kill();
      REQUIRE(eventually([&] { return child.incarnation() == n && child.running(); }));
    }
  }
  CHECK(eventually([&] { return rt.metrics().running == 0; }));
  CHECK(rt.metrics().started == rt.metrics().ended);
  CHECK(rt.metrics().ended >= 5);
}

TEST_CASE("an event says that the dead letters are full", "[supervisor][forms][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> jobs{rt, {.max_attempts = 1}};
  const auto letters = jobs.dead_letters();
  std::size_t rejected = 0;
  for (; letters.size() < 1024; ++rejected) {
    jobs.send(0);
    jobs.take().reject("to fill them");
    REQUIRE(eventually([&] { return letters.size() == rejected + 1; }));
  }
  event_log log;
  bulkhead::supervisor sup{rt};
  log.listen_to(sup);
  jobs.send(1);
  const auto child =
      sup.start({.name = "worker", .restart = bulkhead::restart::temporary}, crash_with_one, jobs);
  REQUIRE(child.join_for(soon));
  REQUIRE(eventually([&] { return !log.details<events::exited>().empty(); }));
  CHECK(log.details<events::letters_full>() == std::vector{events::letters_full{1}});
  CHECK(rt.metrics().held_back == 1);
  // Nothing is thrown away: with room it comes.
  std::optional<bulkhead::dead_letter<int>> last;
  do last = letters.receive_for(soon);
  while (last && last->value == 0);
  CHECK((last && last->value == 1));
}

TEST_CASE("a close of the dead letters loses no message", "[process][forms]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> jobs{rt};
  const auto letters = jobs.dead_letters();
  letters.close();
  jobs.send(7);
  jobs.take().reject("no use");
  CHECK(jobs.join_for(soon));
  CHECK(eventually([&] { return letters.size() == 1; }));
  CHECK(letters.receive().value == 7);
}

TEST_CASE("an event says that a limit was hit", "[supervisor][forms][crash]") {
  bulkhead::runtime rt;
  event_log log;
  bulkhead::supervisor sup{rt};
  log.listen_to(sup);
  const auto child = sup.start({.name = "worker",
                                .restart = bulkhead::restart::temporary,
                                .process = {.limits = {.cpu_time = std::chrono::seconds(1)}}},
                               spin);
  REQUIRE(child.join_for(soon));
  REQUIRE(eventually([&] { return !log.details<events::exited>().empty(); }));
  CHECK(log.details<events::limit_hit>() ==
        std::vector{events::limit_hit{bulkhead::death_cause::cpu_limit}});
}
