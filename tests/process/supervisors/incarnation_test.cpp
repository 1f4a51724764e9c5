// Handles to one incarnation of a supervised child.
#include <unistd.h>

#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <future>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using bulkhead::errc;
using bulkhead_test::eventually;
using bulkhead_test::soon;

namespace {

void wait_for_stop() {
  while (!bulkhead::this_process::stop_requested()) ::usleep(200);
}

template <class Fn>
std::error_code failure_of(Fn fn) {
  try {
    fn();
  } catch (const std::system_error& failure) {
    return failure.code();
  }
  return {};
}

}  // namespace

TEST_CASE("a handle to one incarnation is stale once that has ended", "[supervisor][crash]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  const auto child = sup.start({.name = "server"}, wait_for_stop);
  const auto first = child.only(1);
  CHECK(first.id() == child.id());
  CHECK(first.running());
  auto end = first.async_wait(boost::asio::use_future);
  first.kill();
  REQUIRE(end.wait_for(soon) == std::future_status::ready);
  CHECK(end.get().signal == SIGKILL);
  REQUIRE(eventually([&] { return child.incarnation() == 2 && child.running(); }));
  const pid_t second = child.id();
  CHECK(failure_of([&] { first.kill(); }) == errc::stale_incarnation);
  CHECK(failure_of([&] { first.request_stop(); }) == errc::stale_incarnation);
  CHECK(failure_of([&] { static_cast<void>(child.only(1)); }) == errc::stale_incarnation);
  CHECK(failure_of([&] { static_cast<void>(child.only(3)); }) == errc::stale_incarnation);
  // It tells its own end, however many follow.
  child.kill();
  REQUIRE(eventually([&] { return child.incarnation() == 3 && child.running(); }));
  CHECK(child.id() != second);
  CHECK_FALSE(first.running());
  CHECK(first.incarnation() == 1);
  CHECK(first.join().signal == SIGKILL);
}

TEST_CASE("a handle to one incarnation can be had after its end, while no other follows",
          "[supervisor]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt};
  const auto child = sup.start({.name = "server"}, wait_for_stop);
  sup.terminate_child("server");
  const auto first = child.only(1);
  REQUIRE(first.join_for(soon).has_value());
  CHECK(first.join().cause == bulkhead::death_cause::stopped);
  CHECK(failure_of([&] { first.signal(SIGUSR1); }) == errc::stale_incarnation);
  // What asks for no incarnation leaves alone what has ended.
  CHECK_NOTHROW(child.kill());
  sup.restart_child("server");
  CHECK(first.incarnation() == 1);
  CHECK_FALSE(first.running());
  CHECK(child.only(2).id() == child.id());
}

TEST_CASE("wait_any waits for one incarnation", "[supervisor][crash]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt};
  const auto child = sup.start({.name = "server"}, wait_for_stop);
  const auto first = child.only(1);
  CHECK(bulkhead::wait_any(std::chrono::milliseconds(1), first, child) == bulkhead::npos);
  child.kill();
  // The child itself goes on, and is no end to wait for.
  CHECK(bulkhead::wait_any(soon, child, first) == 1);
}
