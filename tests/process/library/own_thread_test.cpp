#include <boost/asio/post.hpp>
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

// What a handler on the runtime's own thread may do about ends, all of which are told on that very
// thread: it may ask, and never wait.

using bulkhead::errc;
using bulkhead_test::soon;

namespace {

void stay(bulkhead::queue<int> q) {
  std::error_code ec;
  static_cast<void>(q.receive(ec));
}

// A stop request changes nothing for it.
void stay_for_good() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

/// Runs `fn` on the runtime's thread. @returns what it returned, within the time.
template <class Fn>
auto on_thread(bulkhead::runtime& rt, Fn fn) {
  auto task = std::make_shared<std::packaged_task<decltype(fn())()>>(std::move(fn));
  auto result = task->get_future();
  boost::asio::post(rt.get_executor(), [task] { (*task)(); });
  REQUIRE(result.wait_for(soon) == std::future_status::ready);
  return result.get();
}

/// What `fn` was refused with on the runtime's thread; empty where it was not.
template <class Fn>
std::string refusal_on_thread(bulkhead::runtime& rt, Fn fn) {
  return on_thread(rt, [&]() -> std::string {
    try {
      fn();
    } catch (const bulkhead::error& failure) {
      if (failure.code() == errc::unsupported) return failure.what();
      return "another error: " + std::string(failure.what());
    }
    return {};
  });
}

}  // namespace

TEST_CASE("on the runtime's thread a process may be asked about, but not waited for", "[process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  const auto child = rt.spawn({.name = "guest"}, stay, q);
  const auto timed = refusal_on_thread(rt, [&] { static_cast<void>(child.join_for(soon / 10)); });
  CHECK(timed.find("process 'guest'") != std::string::npos);
  CHECK(timed.find("async_wait") != std::string::npos);
  CHECK(on_thread(rt, [&] { return !child.try_join().has_value(); }));
  CHECK(!refusal_on_thread(rt, [&] { static_cast<void>(child.join()); }).empty());
  q.send(1);
  REQUIRE(child.join_for(soon).has_value());
  CHECK(on_thread(rt, [&] { return child.join().success(); }));
}

TEST_CASE("a process handle that goes on the runtime's thread ends its process", "[process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  std::optional<bulkhead::process> owner;
  SECTION("which heeds the request to stop") {
    owner.emplace(rt.spawn(stay, q));
    REQUIRE(owner->running());
  }
  SECTION("which does not") {
    const auto brief = std::chrono::milliseconds(50);
    owner.emplace(rt.spawn({.shutdown = brief}, stay_for_good));
    REQUIRE(owner->running());
  }
  SECTION("which is killed at once") {
    owner.emplace(rt.spawn({.shutdown = bulkhead::brutal_kill}, stay_for_good));
    REQUIRE(owner->running());
  }
  SECTION("for which there is all the time") {
    owner.emplace(rt.spawn({.shutdown = bulkhead::infinity}, stay, q));
    REQUIRE(owner->running());
  }
  const auto watcher = owner->only(1);
  on_thread(rt, [&] { owner.reset(); });
  CHECK(watcher.join_for(soon).has_value());
}

TEST_CASE("an event handler of a supervisor may not wait for its end", "[supervisor]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  bulkhead::supervisor sup{rt, {.name = "crew"}};
  static_cast<void>(sup.start({.name = "first"}, stay, q));
  const auto timed = refusal_on_thread(rt, [&] { static_cast<void>(sup.join_for(soon / 10)); });
  CHECK(timed.find("supervisor 'crew'") != std::string::npos);
  CHECK(timed.find("async_wait") != std::string::npos);
  CHECK(!refusal_on_thread(rt, [&] { static_cast<void>(sup.join()); }).empty());
  const auto whole = refusal_on_thread(rt, [&] { sup.shutdown(); });
  CHECK(whole.find("begin_shutdown") != std::string::npos);
  CHECK(on_thread(rt, [&] { return !sup.try_join().has_value(); }));
  CHECK(sup.count_children().active == 1);  // what was refused began nothing
  on_thread(rt, [&] { sup.begin_shutdown(); });
  REQUIRE(sup.join_for(soon).has_value());
  CHECK(on_thread(rt, [&] { return sup.join().kind == bulkhead::end_reason::shutdown; }));
  on_thread(rt, [&] { sup.shutdown(); });
}

TEST_CASE("a supervisor that goes on the runtime's thread ends its children", "[supervisor]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  auto sup = std::make_unique<bulkhead::supervisor>(rt);
  const auto child = sup->start({.name = "first"}, stay, q);
  std::promise<bulkhead::process> inner;
  auto nested = inner.get_future();
  sup->start_supervisor({.name = "inner"}, {}, [&](bulkhead::supervisor& s) {
    inner.set_value(s.start({.name = "second"}, stay, q));
  });
  const auto second = nested.get();
  on_thread(rt, [&] { sup.reset(); });
  CHECK(child.join_for(soon).has_value());
  CHECK(second.join_for(soon).has_value());
}

TEST_CASE("a runtime may stop before a supervisor that went on its thread has ended",
          "[supervisor]") {
  bulkhead::process child;
  {
    bulkhead::runtime rt;
    auto sup = std::make_unique<bulkhead::supervisor>(rt);
    child = sup->start({.name = "first", .shutdown = bulkhead::infinity}, stay_for_good);
    on_thread(rt, [&] { sup.reset(); });
  }
  std::error_code ec;
  static_cast<void>(child.join_for(soon, ec));
  CHECK(ec == errc::runtime_gone);
}
