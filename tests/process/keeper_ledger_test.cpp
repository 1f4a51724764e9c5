#include "os/keeper/ledger.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bulkhead/errc.hpp>
#include <map>
#include <random>
#include <string>

#include "support/catch.hpp"

using bulkhead::os::ledger;
using bulkhead::os::unique_fd;

namespace {

using contents = std::map<std::pair<std::uint32_t, std::uint64_t>, std::string>;

contents read(const ledger& from) {
  contents all;
  for (const auto& [at, bytes] : from.entries()) {
    std::string text;
    REQUIRE(from.get(at, text));
    all[{at.kind, at.id}] = text;
  }
  return all;
}

// What another keeper would find now.
contents read_again(const ledger& of) { return read(ledger(unique_fd(::dup(of.fd())))); }

}  // namespace

TEST_CASE("what is committed is found, and nothing else", "[ledger][unit]") {
  ledger l;
  CHECK(read_again(l).empty());
  l.put({1, 0, 5, 0}, std::string("five"));
  l.put({2, 0, 5, 0}, std::string("five of the others"));
  CHECK(read_again(l).empty());
  l.commit();
  CHECK(read_again(l) == contents{{{1, 5}, "five"}, {{2, 5}, "five of the others"}});
  l.erase({1, 0, 5, 0});
  l.put({1, 0, 6, 0}, std::string("six"));
  CHECK(read_again(l).size() == 2);
  CHECK(read_again(l).count({1, 6}) == 0);
  l.commit();
  CHECK(read_again(l) == contents{{{1, 6}, "six"}, {{2, 5}, "five of the others"}});
}

TEST_CASE("all entries of a kind and id go together", "[ledger][unit]") {
  ledger l;
  for (std::uint32_t n = 0; n < 5; ++n) l.put({3, n, 7, n}, n);
  l.put({3, 0, 8, 0}, 1);
  l.put({2, 0, 7, 0}, 2);
  l.erase_all(3, 7);
  l.commit();
  CHECK(ledger(unique_fd(::dup(l.fd()))).entries().size() == 2);
}

TEST_CASE("a ledger is taken over at any time, over many changes of its halves", "[ledger][unit]") {
  const auto seed = GENERATE(1u, 2u, 3u);
  std::mt19937 random(seed);
  auto l = std::make_unique<ledger>();
  contents wanted;
  contents committed;
  for (int n = 0; n < 20'000; ++n) {
    const std::uint32_t kind = random() % 3;
    const std::uint64_t id = random() % 40;
    if (random() % 4 == 0) {
      l->erase({kind, 0, id, 0});
      wanted.erase({kind, id});
    } else {
      const std::string text(random() % 200, static_cast<char>('a' + random() % 26));
      l->put({kind, 0, id, 0}, text);
      wanted[{kind, id}] = text;
    }
    if (random() % 3 == 0) {
      l->commit();
      committed = wanted;
    }
    if (random() % 100 == 0) {
      // The writer is killed here: what was not committed is gone.
      l = std::make_unique<ledger>(unique_fd(::dup(l->fd())));
      wanted = committed;
      REQUIRE(read(*l) == committed);
    }
  }
  CHECK(read_again(*l) == committed);
}

TEST_CASE("a writer killed at any moment leaves whole commits", "[ledger][crash]") {
  ledger l;
  int told[2];
  REQUIRE(::pipe(told) == 0);
  // Two entries that each commit writes alike.
  const pid_t writer = ::fork();
  if (writer == 0) {
    ledger own(unique_fd(::dup(l.fd())));
    for (std::uint64_t n = 0;; ++n) {
      own.put({1, 0, 0, 0}, std::string(n % 300, 'x') + std::to_string(n));
      own.put({1, 0, 1, 0}, std::string(n % 300, 'x') + std::to_string(n));
      own.commit();
      if (n % 1000 == 999) static_cast<void>(!::write(told[1], "", 1));
    }
  }
  // It goes on meanwhile, so the kill hits it anywhere.
  const int most = GENERATE(1, 2, 5);
  for (int thousands = 0; thousands < most; ++thousands) {
    char one = 0;
    REQUIRE(::read(told[0], &one, 1) == 1);
  }
  ::kill(writer, SIGKILL);
  for (const int end : told) ::close(end);
  int status = 0;
  ::waitpid(writer, &status, 0);
  auto found = read_again(l);
  REQUIRE(found.size() == 2);
  CHECK(found[{1, 0}] == found[{1, 1}]);
}

TEST_CASE("another segment is no ledger", "[ledger][unit]") {
  CHECK_THROWS_AS(ledger(bulkhead::os::make_segment("other", 4096)), bulkhead::error);
  const unique_fd null(::open("/dev/null", O_RDWR));
  CHECK_THROWS_AS(ledger(unique_fd(::dup(null.get()))), bulkhead::error);
}

TEST_CASE("processes are known until they are said to have ended", "[ledger][unit]") {
  ledger l;
  const pid_t child = ::fork();
  if (child == 0) {
    ledger::begin_life(l.fd(), 3, 77);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  int seen = 0;
  l.each_life([&](const ledger::life& one) {
    ++seen;
    CHECK(one.serial == 77);
    CHECK(one.pid == child);
    CHECK(one.begun_ns != 0);
  });
  CHECK(seen == 1);
  l.end_life(3);
  l.each_life([&](const ledger::life&) { ++seen; });
  CHECK(seen == 1);
}
