#include <sys/stat.h>
#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <filesystem>
#include <string>

#include "process/attach/programs.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

// Two programs that have nothing in common but a path: this one publishes, the other attaches.
using namespace std::chrono_literals;
using bulkhead::errc;
using bulkhead::publish;
using bulkhead::queue;
using bulkhead_test::eventually;
using bulkhead_test::folder;
using bulkhead_test::peer;
using bulkhead_test::soon;

namespace {

struct question {
  int number = 0;
  queue<int> answer;
};

}  // namespace

TEST_CASE("an attached program sends", "[process][attach]") {
  folder f;
  bulkhead::runtime rt;
  queue<int> q{rt, {.name = "numbers", .capacity = 8}};
  const auto open = publish(rt, f.path("q"), q);
  peer sender({"send", f.path("q")});
  for (int n = 1; n <= 100; ++n) REQUIRE(q.receive_for(soon) == n);
  CHECK(sender.line() == "100");
}

TEST_CASE("an attached stage forwards between two queues, exactly, though it is killed",
          "[process][attach][crash]") {
  folder f;
  bulkhead::runtime rt;
  queue<int> in{rt, {.capacity = 1000}};
  queue<int> out{rt, {.capacity = 1000}};
  const auto open_in = publish(rt, f.path("in"), in);
  const auto open_out = publish(rt, f.path("out"), out);
  constexpr int count = 300;
  for (int n = 1; n <= count; ++n) in.send(n);
  long sum = 0;
  int received = 0;
  for (int round = 0; round < 5; ++round) {
    peer stage({"pass_on", f.path("in"), f.path("out")});
    REQUIRE(stage.line() == "ready");
    if (received < count) {
      sum += out.receive_for(soon).value();
      ++received;
    }
    stage.kill();
  }
  in.close();
  peer stage({"pass_on", f.path("in"), f.path("out")});
  while (received < count) {
    const auto value = out.receive_for(soon);
    REQUIRE(value.has_value());
    sum += *value;
    ++received;
  }
  CHECK(stage.line() == "ready");
  CHECK(stage.line() == "closed");
  CHECK(out.empty());
  CHECK(sum == long{count} * (count + 1) * (2 * count + 1) / 6);
}

TEST_CASE("what an attached program held comes back when it is killed, and counts as no attempt",
          "[process][attach][crash]") {
  folder f;
  bulkhead::runtime rt;
  queue<int> q{rt, {.max_attempts = 2}};
  const auto open = publish(rt, f.path("q"), q);
  q.send(42);
  for (int round = 1; round <= 4; ++round) {
    peer holder({"hold", f.path("q")});
    REQUIRE(holder.line() == "42 " + std::to_string(round));
    REQUIRE(q.in_flight().size() == 1);
    CHECK(q.in_flight().front().owner == "attach_peer");
    CHECK(q.in_flight().front().pid == holder.pid());
    holder.kill();
    REQUIRE(eventually([&] { return q.size() == 1; }));
  }
  auto d = q.take_for(soon);
  REQUIRE(d);
  CHECK(d.attempt() == 5);
  CHECK(q.dead_letters().empty());
  d.ack();
}

TEST_CASE("an attached program answers into a queue that a message brought", "[process][attach]") {
  folder f;
  bulkhead::runtime rt;
  queue<question> questions{rt};
  const auto open = publish(rt, f.path("q"), questions);
  peer oracle({"answer", f.path("q")});
  for (int n = 0; n < 20; ++n) {
    const queue<int> answer{rt};
    questions.send({n, answer});
    REQUIRE(answer.receive_for(soon) == n + 1);
  }
  questions.close();
  CHECK(oracle.line() == "closed");
}

TEST_CASE("an attached program rejects, and reads the dead letters", "[process][attach]") {
  folder f;
  bulkhead::runtime rt;
  queue<int> q{rt};
  q.send(1);
  const auto open = publish(rt, f.path("q"), q);
  peer judge({"reject", f.path("q")});
  CHECK(judge.line() == "no use");
}

TEST_CASE("attaching with another type is a type mismatch that names both", "[process][attach]") {
  folder f;
  bulkhead::runtime rt;
  queue<int> q{rt};
  const auto open = publish(rt, f.path("q"), q);
  peer other({"attach_text", f.path("q")});
  const std::string said = other.line();
  CHECK_THAT(said, Catch::StartsWith("bulkhead " + std::to_string(int(errc::type_mismatch))));
  CHECK_THAT(said, Catch::Contains("queue of 'int'") && Catch::Contains("basic_string"));
}

TEST_CASE("the socket has its mode whatever the umask, and goes with stop", "[process][attach]") {
  folder f;
  const mode_t before = ::umask(0177);
  bulkhead::runtime rt;
  queue<int> q{rt};
  auto open = publish(rt, f.path("q"), q, {.mode = 0666});
  ::umask(before);
  struct stat status {};
  REQUIRE(::stat(f.path("q").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0666);
  CHECK(S_ISSOCK(status.st_mode));
  CHECK(open.path() == f.path("q"));
  peer attached({"hold", f.path("q")});
  q.send(1);
  CHECK(attached.line() == "1 1");
  open.stop();
  CHECK(f.empty());
  CHECK_FALSE(open);
  peer late({"attach", f.path("q")});
  CHECK_THAT(late.line(), Catch::StartsWith("system " + std::to_string(ENOENT)));
  attached.kill();  // who was attached stays so till then
  CHECK(q.receive_for(soon) == 1);
}

TEST_CASE("another user is kept out by the mode, and by the list", "[process][attach]") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can start a program as another user");
    return;
  }
  constexpr uid_t stranger = 65534;
  folder f;
  std::filesystem::permissions(f.root(), std::filesystem::perms(0755));
  bulkhead::runtime rt;
  queue<int> q{rt, {.name = "q"}};
  std::string said;
  const auto attach_as = [&](uid_t user, bulkhead::publish_options options) {
    const auto open = publish(rt, f.path("q"), q, options);
    peer other({"attach", f.path("q")}, user);
    return other.line();
  };
  const std::string refused = "bulkhead " + std::to_string(int(errc::not_permitted));
  said = attach_as(stranger, {.allow = {stranger}, .mode = 0600});
  if (said.empty()) {
    WARN("skipped: the other user cannot execute the test's program");
    return;
  }
  CHECK_THAT(said, Catch::StartsWith(refused));
  said = attach_as(stranger, {.mode = 0666});
  CHECK_THAT(said, Catch::StartsWith(refused) && Catch::Contains("does not admit user 65534"));
  CHECK(attach_as(stranger, {.allow = {stranger}, .mode = 0666}) == "attached q");
  said = attach_as(0, {.allow = {stranger}, .mode = 0666});
  CHECK_THAT(said, Catch::StartsWith(refused));
}

TEST_CASE("publishing needs a queue of one's own tree, and attaching a socket",
          "[process][attach]") {
  folder f;
  bulkhead::runtime rt;
  std::error_code ec;
  CHECK_FALSE(publish(rt, f.path("q"), queue<int>(), {}, ec));
  CHECK(ec == errc::unsupported);
  queue<int> q{rt};
  CHECK_FALSE(publish(rt, f.path("no/such/folder"), q, {}, ec));
  CHECK(ec == std::errc::no_such_file_or_directory);
  CHECK_FALSE(publish(rt, f.path(std::string(81, 'x')), q, {}, ec));
  CHECK(ec == std::errc::filename_too_long);
  CHECK_FALSE(bulkhead::attach<queue<int>>(rt, f.path("q"), ec));
  CHECK(ec == std::errc::no_such_file_or_directory);
  CHECK_FALSE(bulkhead::attach<queue<int>>(rt, "/dev/null", ec));
  CHECK(ec);
}

TEST_CASE("a path of any length can be published", "[process][attach]") {
  folder f;
  bulkhead::runtime rt;
  queue<int> q{rt, {.name = "deep"}};
  const std::string deep = (f.root() / std::string(100, 'a') / std::string(100, 'b')).string();
  std::filesystem::create_directories(deep);
  const auto open = publish(rt, deep + "/q", q);
  peer other({"attach", deep + "/q"});
  CHECK(other.line() == "attached deep");
}

TEST_CASE("an attached queue stays out of the program's own tree", "[process][attach]") {
  folder f;
  bulkhead::runtime rt;
  queue<int> q{rt};
  queue<question> questions{rt};
  q.send(1);
  const auto open = publish(rt, f.path("q"), q);
  const auto open_questions = publish(rt, f.path("questions"), questions);
  peer other({"pass_to_own", f.path("q"), f.path("questions")});
  const std::string unsupported = "bulkhead " + std::to_string(int(errc::unsupported));
  CHECK(other.line() == unsupported + " spawn");
  CHECK(other.line() == unsupported + " send");
  CHECK(other.line() == unsupported + " forward");
  CHECK(q.receive_for(soon) == 1);
  CHECK(questions.empty());
}

TEST_CASE("a program that attaches and leaves often leaves nothing behind", "[process][attach]") {
  folder f;
  bulkhead::runtime rt;
  queue<int> q{rt, {.participants = 2}};
  const auto open = publish(rt, f.path("q"), q);
  for (int n = 0; n < 200; ++n) {
    auto mine = bulkhead::attach<queue<int>>(rt, f.path("q"));
    auto again = bulkhead::attach<queue<int>>(rt, f.path("q"));
    CHECK(mine == again);
    mine.send(n);
    REQUIRE(again.receive_for(soon) == n);
  }
  // Its place is free again, and its keeper's tables with it.
  q.send(1);
  CHECK(bulkhead::attach<queue<int>>(rt, f.path("q")).receive_for(soon) == 1);
}
