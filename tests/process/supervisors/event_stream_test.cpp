// A supervisor's events and its end, by asynchronous calls.
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <cstdlib>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

namespace asio = boost::asio;
using boost::system::error_code;
using bulkhead::end_reason;
using bulkhead::errc;
using bulkhead::restart;
using bulkhead::supervision_event;
using bulkhead_test::soon;
namespace events = bulkhead::events;

namespace {

void wait_for_stop() {
  while (!bulkhead::this_process::stop_requested()) ::usleep(200);
}

bulkhead::child_spec once(std::string name) {
  return {.name = std::move(name), .restart = restart::transient};
}

template <class T>
T got(std::future<T> future) {
  REQUIRE(future.wait_for(soon) == std::future_status::ready);
  return future.get();
}

supervision_event next(const bulkhead::supervisor& sup) {
  return got(sup.async_next_event(asio::use_future));
}

std::string in_words(const supervision_event& event) {
  const char* const names[] = {"started",        "ready",   "exited",  "restarting", "start_failed",
                               "restart_failed", "gave_up", "stopped", "deleted"};
  return event.child + " " + names[event.what.index()];
}

error_code failure_of(std::future<supervision_event> future) {
  try {
    got(std::move(future));
  } catch (const boost::system::system_error& failure) {
    return failure.code();
  }
  return {};
}

}  // namespace

TEST_CASE("the event stream gives every event from the beginning, then closed",
          "[supervisor][async]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt};
  auto child = sup.start(once("one"), [] {});
  REQUIRE(child.join_for(soon));
  std::vector<std::string> told;
  for (int n = 0; n < 3; ++n) told.push_back(in_words(next(sup)));
  CHECK(told == std::vector<std::string>{"one started", "one ready", "one exited"});
  auto waiting = sup.async_next_event(asio::use_future);
  static_cast<void>(sup.start({.name = "two"}, wait_for_stop));
  CHECK(in_words(got(std::move(waiting))) == "two started");
  sup.shutdown();
  told.clear();
  for (int n = 0; n < 3; ++n) told.push_back(in_words(next(sup)));
  CHECK(told == std::vector<std::string>{"two ready", "two exited", "two stopped"});
  CHECK(failure_of(sup.async_next_event(asio::use_future)) == errc::closed);
  CHECK(sup.missed_events() == 0);
}

TEST_CASE("events that nobody takes are dropped, the oldest first, and counted",
          "[supervisor][async]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt, {.events_max = 3}};
  for (const char* name : {"a", "b", "c"}) {
    REQUIRE(sup.start(once(name), [] {}).join_for(soon));
  }
  CHECK(sup.missed_events() == 6);
  std::vector<std::string> told;
  for (int n = 0; n < 3; ++n) told.push_back(in_words(next(sup)));
  CHECK(told == std::vector<std::string>{"c started", "c ready", "c exited"});
  CHECK_THROWS_WITH((bulkhead::supervisor{rt, {.events_max = 0}}),
                    Catch::Matchers::Contains("events_max"));
}

TEST_CASE("calls for the next event end in order, and never inside the call",
          "[supervisor][async]") {
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
  bulkhead::supervisor sup{rt};
  std::vector<std::string> told;
  const auto note = [&](const std::string& call) {
    return [&told, call](error_code ec, const supervision_event& event) {
      told.push_back(call + " " + (ec ? ec.message() : in_words(event)));
    };
  };
  sup.async_next_event(note("first"));
  sup.async_next_event(note("second"));
  io.poll();
  CHECK(told.empty());
  REQUIRE(sup.start(once("a"), [] {}).join_for(soon));
  sup.async_next_event(note("third"));  // its event is there
  CHECK(told.empty());
  io.run_for(soon);
  CHECK(told == std::vector<std::string>{"first a started", "second a ready", "third a exited"});
}

TEST_CASE("a cancelled call takes no event", "[supervisor][async]") {
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
  bulkhead::supervisor sup{rt};
  asio::cancellation_signal stop;
  error_code result;
  sup.async_next_event(asio::bind_cancellation_slot(
      stop.slot(), [&](error_code ec, const supervision_event&) { result = ec; }));
  stop.emit(asio::cancellation_type::terminal);
  io.run_for(soon);
  CHECK(result == asio::error::operation_aborted);
  REQUIRE(sup.start(once("a"), [] {}).join_for(soon));
  std::string first;
  sup.async_next_event([&](error_code, const supervision_event& e) { first = in_words(e); });
  io.restart();
  io.run_for(soon);
  CHECK(first == "a started");
}

TEST_CASE("a supervisor's end is waited for asynchronously", "[supervisor][async]") {
  bulkhead::runtime rt;
  std::future<end_reason> end;
  std::future<supervision_event> never;
  {
    bulkhead::supervisor sup{rt, {.intensity = 1}};
    SECTION("that gives up") {
      end = sup.async_wait(asio::use_future);
      static_cast<void>(
          sup.start({.name = "bad", .backoff = bulkhead::no_backoff}, [] { std::exit(3); }));
      const end_reason reason = got(std::move(end));
      CHECK(reason == end_reason::gave_up);
      CHECK(reason.history.size() == 2);
      CHECK(reason.status.code == 3);
      CHECK(got(sup.async_wait(asio::use_future)) == end_reason::gave_up);
      return;
    }
    SECTION("that is destroyed, which ends pending calls for events too") {
      end = sup.async_wait(asio::use_future);
      never = sup.async_next_event(asio::use_future);
    }
  }
  CHECK(got(std::move(end)) == end_reason::shutdown);
  CHECK(failure_of(std::move(never)) == errc::closed);
}
