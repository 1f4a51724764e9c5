#include <sys/wait.h>
#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <string>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

// What a handle says that names nothing, or that belongs to another process.
using bulkhead::errc;
using bulkhead::pipe_end;
using bulkhead::queue;
using bulkhead_test::soon;

namespace {

/// The text of the not_initialised that the call throws; else nothing.
template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const bulkhead::error& failure) {
    if (failure.code() == errc::not_initialised) return failure.what();
  }
  return {};
}

bool names_nothing(const std::string& text) {
  return text.find("this handle names no queue") != std::string::npos ||
         text.find("this end names no pipe") != std::string::npos;
}

bool is_of_a_copy(const std::string& text) {
  return text.find("this is a forked copy of a process") != std::string::npos;
}

// Runs `body` in a forked copy of this process. @returns whether it returned true.
template <class Body>
bool in_forked_copy(Body body) {
  const pid_t copy = fork();
  if (copy == 0) {
    ::alarm(20);
    bool good = false;
    try {
      good = body();
    } catch (const std::exception&) {
      good = false;
    }
    _exit(good ? 0 : 1);
  }
  int status = -1;
  waitpid(copy, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("a handle that names no queue says so", "[queue]") {
  const queue<int> q;
  const bulkhead::queue_sender<int> s;
  const queue<std::string> texts;
  CHECK(names_nothing(refusal([&] { q.send(1); })));
  CHECK(names_nothing(refusal([&] { q.receive(); })));
  CHECK(names_nothing(refusal([&] { q.close(); })));
  CHECK(names_nothing(refusal([&] { static_cast<void>(q.closed()); })));
  CHECK(names_nothing(refusal([&] { q.join(); })));
  CHECK(names_nothing(refusal([&] { s.send(1); })));
  CHECK(names_nothing(refusal([&] { static_cast<void>(s.closed()); })));
  CHECK(names_nothing(refusal([&] { static_cast<void>(texts.loan(3)); })));
  CHECK(names_nothing(refusal([&] { static_cast<void>(q.try_loan()); })));
  std::error_code ec;
  CHECK_FALSE(q.loan(1, ec));
  CHECK(ec == errc::not_initialised);
  ec.clear();
  q.close(ec);
  CHECK(ec == errc::not_initialised);
}

TEST_CASE("an end that names no pipe says so", "[pipe]") {
  const pipe_end<int, int> end;
  CHECK(names_nothing(refusal([&] { end.send(1); })));
  CHECK(names_nothing(refusal([&] { static_cast<void>(end.poll()); })));
  CHECK(names_nothing(refusal([&] { static_cast<void>(end.poll(soon)); })));
  CHECK(names_nothing(refusal([&] { static_cast<void>(end.closed()); })));
  CHECK(names_nothing(refusal([&] { end.close(); })));
  CHECK(names_nothing(refusal([&] { static_cast<void>(end.peer()); })));
  CHECK(names_nothing(refusal([&] { static_cast<void>(end.try_receive_batch(1)); })));
  for (const auto call : {0, 1, 2, 3}) {
    std::error_code ec;
    if (call == 0) CHECK_FALSE(end.poll(ec));
    if (call == 1) CHECK_FALSE(end.poll(soon, ec));
    if (call == 2) end.close(ec);
    if (call == 3) static_cast<void>(end.peer(ec));
    CHECK(ec == errc::not_initialised);
  }
}

TEST_CASE("in a forked copy a queue's calls say what they are in", "[queue][process]") {
  bulkhead::runtime rt;
  const queue<int> q{rt};
  for (int n = 0; n < 6; ++n) q.send(n);
  auto held = q.take_batch(6);
  CHECK(in_forked_copy([&] {
    bool good = is_of_a_copy(refusal([&] { q.send(1); })) &&
                is_of_a_copy(refusal([&] { q.close(); })) &&
                is_of_a_copy(refusal([&] { static_cast<void>(q.loan()); })) &&
                is_of_a_copy(refusal([&] { held[0].ack(); })) &&
                is_of_a_copy(refusal([&] { held[1].release(); })) &&
                is_of_a_copy(refusal([&] { held[2].release(soon); })) &&
                is_of_a_copy(refusal([&] { held[3].reject("bad"); })) &&
                is_of_a_copy(refusal([&] { held[4].extend(soon); })) &&
                is_of_a_copy(refusal([&] { held[4].forward(q, 1); }));
    std::error_code ec;
    q.close(ec);
    good = good && ec == errc::not_initialised;
    ec.clear();
    held[5].ack(ec);
    return good && ec == errc::not_initialised;
  }));
  for (auto& d : held) d.ack();
  CHECK(q.join_for(soon));
  CHECK_FALSE(q.closed());
}

TEST_CASE("in a forked copy a pipe end's calls say what they are in", "[pipe][process]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  const auto& end = pipe.first;
  CHECK(in_forked_copy([&] {
    return is_of_a_copy(refusal([&] { end.send(1); })) &&
           is_of_a_copy(refusal([&] { end.close(); })) &&
           is_of_a_copy(refusal([&] { static_cast<void>(end.closed()); })) &&
           is_of_a_copy(refusal([&] { static_cast<void>(end.poll()); }));
  }));
  end.send(1);
  CHECK(pipe.second.receive() == 1);
  CHECK_FALSE(end.closed());
}

TEST_CASE("an end that was sent away says so", "[pipe][travel]") {
  bulkhead::runtime rt;
  const auto pipe = bulkhead::make_pipe<int, int>(rt);
  const auto& end = pipe.first;
  const queue<pipe_end<int, int>> ends{rt};
  ends.send(end);
  const auto is_away = [](const std::string& text) {
    return text.find("sent away in a message") != std::string::npos;
  };
  CHECK(is_away(refusal([&] { end.send(1); })));
  CHECK(is_away(refusal([&] { end.close(); })));
  CHECK(is_away(refusal([&] { static_cast<void>(end.closed()); })));
  CHECK(is_away(refusal([&] { static_cast<void>(end.poll()); })));
}
