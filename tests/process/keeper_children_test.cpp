#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

#include "os/function_name.hpp"
#include "os/futex.hpp"
#include "process/keeper_support/host.hpp"
#include "process/library/reserves.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::death_cause;
using bulkhead::errc;
using bulkhead::os::child_context;

namespace {

int exit_0(child_context&) { return 0; }
int exit_3(child_context&) { return 3; }
int crash(child_context&) {
  ::setrlimit(RLIMIT_CORE, std::array<rlimit, 1>{}.data());
  ::raise(SIGSEGV);
  return 0;
}
int sleep_on(child_context&) {
  for (;;) ::pause();
}
int until_stopped(child_context& start) {
  const bulkhead::os::directory_memory directory(start.directory.duplicate());
  const auto& me = directory.at(start.entry);
  if (me.serial.load() != start.serial) return 1;
  while (me.stop.load() == 0) bulkhead::os::futex_wait(me.stop, 0);
  return 0;
}
int say_last_words(child_context& start) {
  bulkhead::os::keeper_link keeper(std::move(start.control));
  keeper.tell(control::kind::last_words,
              control::last_words{death_cause::exception, "std::bad_alloc: no memory"});
  return 1;
}
int check_arguments(child_context& start) {
  if (start.arguments.size() != 100'000) return 1;
  for (const std::byte b : start.arguments) {
    if (b != std::byte{42}) return 2;
  }
  return 0;
}
int check_surroundings(child_context& start) {
  if (count_descriptors(::getpid()) != 3 + 2 + 3 * start.endpoints.size() + 1)
    return 1;  // and the one that looks
  sigset_t mask;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
  for (int number = 1; number < 32; ++number) {
    if (number != SIGKILL && number != SIGSTOP && ::signal(number, SIG_DFL) != SIG_DFL) return 2;
    if (sigismember(&mask, number) != 0) return 3;
  }
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  std::uint64_t expected = 0;
  std::memcpy(&expected, start.arguments.data(), sizeof expected);
  if (descriptors.rlim_cur != expected) return 4;
  if (std::getenv("BULKHEAD_KEEPER") != nullptr) return 5;
  return 0;
}

}  // namespace

TEST_CASE("an exit code arrives with the cause exit", "[os][process]") {
  host h;
  const auto ok = h.run(exit_0);
  CHECK((ok.success() && ok.cause == death_cause::exit));
  const auto three = h.run(exit_3);
  CHECK((three.code == 3 && three.signal == 0 && three.cause == death_cause::exit));
}

TEST_CASE("a signal arrives with the cause signal, from inside or outside", "[os][process]") {
  host h;
  const auto crashed = h.run(crash);
  CHECK((crashed.signal == SIGSEGV && crashed.cause == death_cause::signal && crashed.own_doing()));
  const child c = h.spawn(sleep_on);
  h.signal(c, SIGKILL);
  const auto killed = h.end_of(c).status;
  CHECK((killed.signal == SIGKILL && killed.code == -1 && killed.cause == death_cause::signal));
  CHECK_FALSE(killed.own_doing());
}

TEST_CASE("an end that was asked for has the cause stopped", "[os][process]") {
  host h;
  const child obedient = h.spawn(until_stopped);
  h.stop(obedient);
  const auto end = h.end_of(obedient).status;
  CHECK((end.code == 0 && end.cause == death_cause::stopped));
  const child deaf = h.spawn(sleep_on);
  h.stop(deaf);
  h.signal(deaf, SIGKILL);
  const auto forced = h.end_of(deaf).status;
  CHECK((forced.signal == SIGKILL && forced.cause == death_cause::stopped));
}

TEST_CASE("last words make the cause an exception and carry its text", "[os][process]") {
  host h;
  const auto end = h.run(say_last_words);
  CHECK(end.cause == death_cause::exception);
  CHECK(end.text == "std::bad_alloc: no memory");
  CHECK(end.code == 1);
}

TEST_CASE("arguments that exceed a datagram arrive whole", "[os][process]") {
  host h;
  CHECK(h.run(check_arguments, {.arguments = std::vector<std::byte>(100'000, std::byte{42})})
            .success());
}

TEST_CASE("a child has its own descriptors only, default signals and the host's limits",
          "[os][process]") {
  host h;
  const auto q = h.make_queue();
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  std::vector<std::byte> limit(sizeof(std::uint64_t));
  const std::uint64_t value = descriptors.rlim_cur;
  std::memcpy(limit.data(), &value, sizeof value);
  CHECK(h.run(check_surroundings, {.endpoints = {q.id}, .arguments = limit}).code == 0);
  CHECK(h.run(check_surroundings, {.endpoints = {q.id, q.id}, .arguments = limit}).code == 0);
}

TEST_CASE("a function that nobody has is an error with a sentence", "[os][process]") {
  host h;
  control::spawn wanted;
  wanted.entry = {"0123", "", 16};
  try {
    h.keeper.ask<control::spawn_reply>(control::kind::spawn, wanted);
    FAIL("it was started");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.code() == errc::start_failed);
    CHECK(std::string(failure.what()).find("another program") != std::string::npos);
  }
  CHECK(h.run(exit_0).success());
}

TEST_CASE("only those who started a process may signal or open it, and only while it lives",
          "[os][process]") {
  host h;
  const child c = h.spawn(exit_0);
  h.end_of(c);
  CHECK_THROWS_AS(h.signal(c, SIGKILL), bulkhead::error);
  CHECK_THROWS_AS(
      h.keeper.ask<control::done>(control::kind::open_process, control::process_named{c.serial}),
      bulkhead::error);
  const child other = h.spawn(sleep_on);
  const auto meddle = [](child_context& start) {
    bulkhead::os::keeper_link keeper(std::move(start.control));
    std::uint32_t serial = 0;
    std::memcpy(&serial, start.arguments.data(), sizeof serial);
    const auto is_refused = [&](control::kind what, const auto& body) {
      try {
        keeper.ask<control::done>(what, body);
        return false;
      } catch (const bulkhead::error& failure) {
        return failure.code() == errc::not_permitted;
      }
    };
    if (!is_refused(control::kind::signal, control::signal{serial, SIGKILL})) return 1;
    return is_refused(control::kind::open_process, control::process_named{serial}) ? 0 : 2;
  };
  std::vector<std::byte> serial(sizeof other.serial);
  std::memcpy(serial.data(), &other.serial, sizeof other.serial);
  CHECK(h.run(+meddle, {.arguments = serial}).code == 0);
  CHECK_FALSE(is_gone(other.pid));
}

TEST_CASE("ends that come before somebody asks for events are kept in order", "[os][process]") {
  host h;
  const auto family = [](child_context& start) {
    bulkhead::os::keeper_link keeper(std::move(start.control));
    std::vector<child> children;
    for (int n = 0; n < 3; ++n) {
      children.push_back(spawn_by(keeper, exit_3));
      if (!eventually([&] { return is_gone(children.back().pid); })) return 1;
    }
    std::vector<bulkhead::os::unique_fd> got;
    keeper.ask<control::done>(control::kind::subscribe, control::done{}, &got);
    bulkhead::os::channel events(std::move(got.at(0)));
    for (const child& c : children) {
      bulkhead::os::child_event told;
      next_event(events, told, std::chrono::steady_clock::now() + 5s);
      const control::exited& event = told.event;
      if (event.serial != c.serial || event.status.code != 3) return 2;
    }
    return 0;
  };
  CHECK(h.run(+family).code == 0);
}

TEST_CASE("a thousand children leave no descriptor behind", "[os][process]") {
  host h;
  h.run(exit_0);
  REQUIRE(reserve_of(h.keeper_pid()) != 0);
  const std::size_t ours = count_descriptors(::getpid());
  const std::size_t its = count_descriptors(h.keeper_pid());
  for (int n = 0; n < 1000; ++n) REQUIRE(h.run(exit_0).success());
  CHECK(count_descriptors(::getpid()) == ours);
  REQUIRE(reserve_of(h.keeper_pid()) != 0);
  CHECK(count_descriptors(h.keeper_pid()) == its);
}
