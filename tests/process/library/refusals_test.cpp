#include <sys/wait.h>
#include <unistd.h>
#include <atomic>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

// What is refused: by the keeper, before the keeper is asked, or since it would wait for itself.

using bulkhead::death_cause;
using bulkhead::errc;
using bulkhead_test::soon;
namespace this_process = bulkhead::this_process;

namespace {

void stay(bulkhead::queue<int> q) {
  std::error_code ec;
  static_cast<void>(q.receive(ec));
}

// No call in it catches what the keeper says.
void publish_twice(std::string path) {
  bulkhead::queue<int> q{this_process::runtime()};
  const auto first = bulkhead::publish(this_process::runtime(), path, q);
  const auto second = bulkhead::publish(this_process::runtime(), path, q);
}

void fork_one_that_throws() {
  const pid_t copy = fork();
  if (copy == 0) {
    []() noexcept { throw std::runtime_error("the copy's, not ours"); }();
  }
  int status = 0;
  waitpid(copy, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT) std::exit(3);
}

}  // namespace

TEST_CASE("a child that lets a refusal of the keeper pass ends, and says why", "[process][crash]") {
  char folder[] = "/tmp/bulkhead-refusals-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  bulkhead::runtime rt;
  auto child = rt.spawn(publish_twice, std::string(folder) + "/q");
  const auto status = child.join_for(soon);
  REQUIRE(status.has_value());
  CHECK(status->cause == death_cause::exception);
  CHECK(status->text.find("/q") != std::string::npos);
  ::unlink((std::string(folder) + "/q").c_str());
  ::rmdir(folder);
}

TEST_CASE("a copy that a child forked says no last words in its name", "[process]") {
  bulkhead::runtime rt;
  const auto status = rt.spawn(fork_one_that_throws).join_for(soon);
  REQUIRE(status.has_value());
  CHECK(status->cause == death_cause::exit);
  CHECK(status->code == 0);
}

TEST_CASE("what the keeper would take for garbage is refused before it is asked", "[process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  auto other = rt.spawn(stay, q);
  const std::vector<bulkhead::queue<int>> too_many(4097, q);
  try {
    rt.spawn([](const std::vector<bulkhead::queue<int>>&) {}, too_many);
    FAIL("it started");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.code() == errc::too_large);
    CHECK(std::string(failure.what()).find("4097") != std::string::npos);
  }
  bulkhead::publish_options options;
  options.allow.resize(1025);
  CHECK_THROWS_AS(bulkhead::publish(rt, "/tmp/bulkhead-never-there", q, options),
                  std::invalid_argument);
  bulkhead::spawn_options unbounded;
  unbounded.limits.memory = ~std::uint64_t{0};
  CHECK_THROWS_AS(rt.spawn(unbounded, stay, q), std::invalid_argument);
  CHECK(other.running());  // the tree is as it was
  q.send(1);
  CHECK(other.join_for(soon).has_value());
}

TEST_CASE("an event handler may ask its supervisor, but not wait for it", "[supervisor]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  bulkhead::supervisor sup{rt};
  std::promise<std::error_code> refused;
  std::promise<std::size_t> counted;
  sup.on_event([&](const bulkhead::supervision_event& event) {
    if (!std::holds_alternative<bulkhead::events::started>(event.what)) return;
    sup.on_event({});
    counted.set_value(sup.which_children().size());
    try {
      static_cast<void>(sup.start({.name = "second"}, stay, q));
    } catch (const bulkhead::error& failure) {
      refused.set_value(failure.code());
    }
  });
  static_cast<void>(sup.start({.name = "first"}, stay, q));
  auto answer = counted.get_future();
  REQUIRE(answer.wait_for(soon) == std::future_status::ready);
  CHECK(answer.get() == 1);
  CHECK(refused.get_future().get() == errc::unsupported);
}

TEST_CASE("a handler of lines that throws anything harms itself only", "[process][options]") {
  std::atomic<int> seen{0};
  bulkhead::runtime rt;
  const auto throws = bulkhead::stream::lines([&](const bulkhead::output_line&) {
    ++seen;
    throw 7;
  });
  const auto child = rt.spawn({.streams = {.out = throws}}, [] {
    const std::string line(99, 'x');
    for (int n = 0; n < 2000; ++n) {  // three times what a pipe holds
      if (::write(1, (line + "\n").data(), 100) != 100) std::exit(1);
    }
  });
  const auto status = child.join_for(soon);
  REQUIRE(status.has_value());
  CHECK(status->success());
  CHECK(seen == 2000);
}
