#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>
#include <atomic>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <new>
#include <thread>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using bulkhead::stream;
using bulkhead_test::soon;

namespace {

// What a child finds itself to be, as one line a fact.
void tell_facts(bulkhead::queue<std::string> to) {
  const char* set = std::getenv("BULKHEAD_TEST_SET");
  const char* home = std::getenv("HOME");
  to.send(set != nullptr ? set : "(none)");
  to.send(home != nullptr ? "a home" : "no home");
  to.send(std::filesystem::current_path().string());
  cpu_set_t set_of;
  ::sched_getaffinity(0, sizeof set_of, &set_of);
  to.send(std::to_string(CPU_COUNT(&set_of)) + (CPU_ISSET(0, &set_of) ? " with 0" : ""));
  to.send(std::to_string(::getpriority(PRIO_PROCESS, 0)));
}

rlim_t soft_limit(int which) {
  rlimit limit{};
  ::getrlimit(static_cast<__rlimit_resource>(which), &limit);
  return limit.rlim_cur;
}

void tell_limits(bulkhead::queue<std::string> to) {
  to.send(std::to_string(soft_limit(RLIMIT_NOFILE)));
  to.send(std::to_string(soft_limit(RLIMIT_CORE)));
  to.send(std::to_string(soft_limit(RLIMIT_CPU)));
}

void write_lines() {
  std::fputs("first\nsecond\nwithout an end", stdout);
  std::fflush(stdout);
  std::fputs("an error\n", stderr);
}

void write_long_line(std::size_t bytes) {
  const std::string text(bytes, 'x');
  std::fputs((text + "\n").c_str(), stdout);
}

void count_input(bulkhead::queue<int> to) {
  int bytes = 0;
  for (int c = std::getchar(); c != EOF; c = std::getchar()) ++bytes;
  to.send(bytes);
}

[[maybe_unused]] void grow() {
  std::vector<std::vector<char>> all;
  for (;;) all.emplace_back(16u << 20);
}

[[maybe_unused]] void grow_and_recover() {
  try {
    grow();
  } catch (const std::bad_alloc&) {
  }
}

[[maybe_unused]] void grow_in_a_thread() { std::thread(grow).join(); }

void write_many_lines(int count) {
  std::printf("%d\n", static_cast<int>(::getpid()));
  for (int n = 1; n < count; ++n) std::puts("a line");
}

void spin() {
  while (::getppid() != 0) {
  }
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct lines_seen {
  std::mutex mutex;
  std::vector<bulkhead::output_line> lines;
  stream captured() {
    return stream::lines([this](const bulkhead::output_line& line) {
      const std::lock_guard lock(mutex);
      lines.push_back(line);
    });
  }
};

std::filesystem::path scratch() {
  char name[] = "/tmp/bulkhead-options-XXXXXX";
  REQUIRE(::mkdtemp(name) != nullptr);
  return name;
}

}  // namespace

TEST_CASE("environment, directory, processors and nice are the child's", "[process][options]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::string> facts{rt};
  const auto directory = scratch();
  ::setenv("HOME", "/root", 1);
  const auto child =
      rt.spawn({.name = "facts",
                .environment = {{"BULKHEAD_TEST_SET", "a=b"}, {"HOME", std::nullopt}},
                .directory = directory.string(),
                .affinity = {0},
                .nice = 5},
               tell_facts, facts);
  CHECK(facts.receive_for(soon) == "a=b");
  CHECK(facts.receive_for(soon) == "no home");
  CHECK(facts.receive_for(soon) == directory.string());
  CHECK(facts.receive_for(soon) == "1 with 0");
  CHECK(facts.receive_for(soon) == "5");
  CHECK(child.join_for(soon)->success());
  std::filesystem::remove(directory);
}

TEST_CASE("a cleared environment has what was set and no more", "[process][options]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::string> facts{rt};
  ::setenv("HOME", "/root", 1);
  const auto child = rt.spawn({.clear_environment = true}, tell_facts, facts);
  CHECK(facts.receive_for(soon) == "(none)");
  CHECK(facts.receive_for(soon) == "no home");
}

TEST_CASE("captured output comes by the line, all of it before the end", "[process][options]") {
  lines_seen seen;  // outlives the runtime, on whose thread it is filled
  bulkhead::runtime rt;
  const auto child =
      rt.spawn({.name = "speaker", .streams = {.out = seen.captured(), .err = seen.captured()}},
               write_lines);
  REQUIRE(child.join_for(soon).has_value());
  std::vector<std::string> out;
  std::vector<std::string> err;
  const std::lock_guard lock(seen.mutex);
  for (const auto& line : seen.lines) {
    CHECK(line.process == "speaker");
    (line.stream == 1 ? out : err).push_back(line.text);
  }
  CHECK(out == std::vector<std::string>{"first", "second", "without an end"});
  CHECK(err == std::vector<std::string>{"an error"});
}

TEST_CASE("lines that wait while the process ends are handed over before its end",
          "[process][options]") {
  constexpr int count = 8000;  // 56 000 bytes, which fit a pipe of 64 KiB
  std::atomic<int> seen{0};
  bulkhead::runtime rt;
  const auto first_waits = stream::lines([&](const bulkhead::output_line& line) {
    // Until the keeper has reaped it, and so has told its end. The handler runs on the runtime's
    // thread, which may not have read the keeper's answer to `spawn` yet: so it must not wait for
    // that, and the first line says who the child is.
    if (seen++ == 0) {
      const pid_t pid = std::stoi(line.text);
      CHECK(bulkhead_test::eventually([pid] { return ::kill(pid, 0) != 0; }));
    }
  });
  const auto child = rt.spawn({.streams = {.out = first_waits}}, write_many_lines, count);
  REQUIRE(child.join_for(soon).has_value());
  CHECK(seen == count);
}

TEST_CASE("a line beyond the longest comes in parts and loses nothing", "[process][options]") {
  lines_seen seen;
  bulkhead::runtime rt;
  const std::size_t bytes = 1'000'000;
  const auto child = rt.spawn({.streams = {.out = seen.captured()}}, write_long_line, bytes);
  REQUIRE(child.join_for(soon).has_value());
  const std::lock_guard lock(seen.mutex);
  std::size_t sum = 0;
  for (const auto& line : seen.lines) {
    CHECK(line.text.size() <= 64 * 1024);
    sum += line.text.size();
  }
  CHECK(sum == bytes);
}

TEST_CASE("files and nothing as streams", "[process][options]") {
  bulkhead::runtime rt;
  const auto directory = scratch();
  const std::string out = (directory / "out").string();
  for (int n = 0; n < 2; ++n) {
    const auto child =
        rt.spawn({.streams = {.out = stream::file(out), .err = stream::null()}}, write_lines);
    REQUIRE(child.join_for(soon).has_value());
  }
  const std::string once = "first\nsecond\nwithout an end";
  CHECK(read_file(out) == once + once);
  bulkhead::queue<int> counted{rt};
  const auto reader = rt.spawn({.streams = {.in = stream::file(out)}}, count_input, counted);
  CHECK(counted.receive_for(soon) == static_cast<int>(2 * once.size()));
  std::filesystem::remove_all(directory);
}

TEST_CASE("limits are set, and an end by one says which", "[process][options][crash]") {
  bulkhead::runtime rt;
  SECTION("descriptors and core") {
    bulkhead::queue<std::string> facts{rt};
    const auto child =
        rt.spawn({.limits = {.cpu_time = std::chrono::milliseconds(1500), .files = 50, .core = 0}},
                 tell_limits, facts);
    CHECK(facts.receive_for(soon) == "50");
    CHECK(facts.receive_for(soon) == "0");
    CHECK(facts.receive_for(soon) == "2");
  }
// Sanitizers reserve more address space than any limit leaves.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  SECTION("memory") {
    const auto child = rt.spawn({.limits = {.memory = 64u << 20}}, grow);
    const auto status = child.join_for(soon);
    REQUIRE(status.has_value());
    CHECK(status->cause == bulkhead::death_cause::memory_limit);
    CHECK(status->own_doing());
    CHECK(status->text.find("67108864 bytes") != std::string::npos);
  }
  SECTION("memory, in a thread") {
    const auto child = rt.spawn({.limits = {.memory = 256u << 20}}, grow_in_a_thread);
    const auto status = child.join_for(soon);
    REQUIRE(status.has_value());
    CHECK(status->signal == SIGABRT);
    CHECK(status->cause == bulkhead::death_cause::memory_limit);
  }
  SECTION("memory, and the child lives on") {
    const auto child = rt.spawn({.limits = {.memory = 64u << 20}}, grow_and_recover);
    CHECK(child.join_for(soon)->cause == bulkhead::death_cause::exit);
  }
#endif
  SECTION("processor time") {
    const auto child = rt.spawn({.limits = {.cpu_time = std::chrono::seconds(1)}}, spin);
    const auto status = child.join_for(soon);
    REQUIRE(status.has_value());
    CHECK(status->cause == bulkhead::death_cause::cpu_limit);
    CHECK(status->own_doing());
  }
}

TEST_CASE("what cannot be set up is refused with its reason", "[process][options]") {
  using bulkhead::errc;
  bulkhead::runtime rt;
  const auto refusal = [&rt](const bulkhead::spawn_options& options) -> std::string {
    try {
      rt.spawn(options, write_lines);
    } catch (const std::exception& why) {
      return why.what();
    }
    return "";
  };
  CHECK(refusal({.environment = {{"A=B", "x"}}}).find("environment") == 0);
  CHECK(refusal({.nice = 20}).find("nice must be between -20 and 19") == 0);
  CHECK(refusal({.affinity = {100'000}}).find("affinity") == 0);
  CHECK(refusal({.streams = {.in = stream::lines([](const auto&) {})}}).find("streams.in") == 0);
  CHECK(refusal({.limits = {.memory = 0}}).find("limits.memory") == 0);
  CHECK(refusal({.limits = {.cpu_time = std::chrono::seconds(0)}}).find("limits.cpu_time") == 0);
  CHECK(refusal({.name = "w", .directory = "/no/such"}).find("directory of 'w' '/no/such'") !=
        std::string::npos);
  CHECK(refusal({.streams = {.out = stream::file("/no/such/file")}}).find("/no/such/file") !=
        std::string::npos);
  // Known to the kernel alone, in the child.
  CHECK(refusal({.name = "w", .affinity = {1000}})
            .find("process 'w': running on the processors 1000") == 0);
}
