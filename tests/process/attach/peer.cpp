#include <poll.h>
#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

// A program that has nothing to do with the test but a path: it publishes, or attaches to, what the
// test's own program does. It prints what happened, a line each.
namespace {

using bulkhead::attach;
using bulkhead::queue;

struct command {
  std::string path;
  std::string second;
};

/// A message that holds a queue.
struct question {
  int number = 0;
  queue<int> answer;
};

/// One that holds a pipe end.
struct call {
  int number = 0;
  bulkhead::pipe_end<std::string, std::string> line;
};

void wait_for_ever() {
  for (;;) ::pause();
}

pid_t keeper_of(bulkhead::runtime& rt) {
  queue<std::int64_t> ids{rt};
  auto child = rt.spawn([](queue<std::int64_t> to) { to.send(::getppid()); }, ids);
  const auto pid = static_cast<pid_t>(ids.receive());
  child.join();
  return pid;
}

void report(const std::error_code& ec, const std::string& text) {
  std::cout << ec.category().name() << ' ' << ec.value() << ' ' << text << std::endl;
}

// Publishes and says who keeps it; goes on till it is killed.
void publish(const command& c) {
  bulkhead::runtime rt;
  queue<int> jobs{rt, {.name = "jobs", .capacity = 8}};
  jobs.send(7);
  const auto open = bulkhead::publish(rt, c.path, jobs);
  std::cout << keeper_of(rt) << std::endl;
  wait_for_ever();
}

void try_publish(const command& c) {
  bulkhead::runtime rt;
  queue<int> jobs{rt};
  try {
    const auto open = bulkhead::publish(rt, c.path, jobs);
    std::cout << "published" << std::endl;
  } catch (const std::system_error& failure) {
    report(failure.code(), failure.what());
  }
}

template <class T>
void try_attach(const command& c) {
  bulkhead::runtime rt;
  try {
    const auto q = attach<queue<T>>(rt, c.path);
    std::cout << "attached " << q.name() << std::endl;
  } catch (const std::system_error& failure) {
    report(failure.code(), failure.what());
  }
}

// Holds a message till it is killed.
void hold(const command& c) {
  bulkhead::runtime rt;
  const auto q = attach<queue<int>>(rt, c.path);
  const auto d = q.take();
  std::cout << *d << ' ' << d.attempt() << std::endl;
  wait_for_ever();
}

// Holds a message, and for each other one asks its keeper who holds what.
void hold_and_ask(const command& c) {
  bulkhead::runtime rt;
  const auto q = attach<queue<int>>(rt, c.path);
  const auto d = q.take();
  std::cout << "holds" << std::endl;
  for (const int n : q) std::cout << n << ' ' << q.in_flight().size() << std::endl;
}

void send(const command& c) {
  bulkhead::runtime rt;
  const auto q = attach<queue<int>>(rt, c.path);
  for (int n = 1; n <= 100; ++n) q.send(n);
  std::cout << q.sent() << std::endl;
}

// A stage between two queues of the publisher.
void pass_on(const command& c) {
  bulkhead::runtime rt;
  const auto in = attach<queue<int>>(rt, c.path);
  const auto out = attach<queue<int>>(rt, c.second);
  std::cout << "ready" << std::endl;
  in.transform(out, [](int n) { return n * n; });
  std::cout << "closed" << std::endl;
}

void answer(const command& c) {
  bulkhead::runtime rt;
  const auto questions = attach<queue<question>>(rt, c.path);
  while (true) {
    std::error_code ec;
    auto d = questions.take(ec);
    if (!d) break;
    d->answer.send(d->number + 1);
    d.ack();
  }
  std::cout << "closed" << std::endl;
}

void reject(const command& c) {
  bulkhead::runtime rt;
  const auto q = attach<queue<int>>(rt, c.path);
  auto d = q.take();
  d.reject("no use");
  std::cout << q.dead_letters().receive().note << std::endl;
}

// Waits in a call; its end is reported.
void wait_in(const command& c) {
  bulkhead::runtime rt;
  const auto q = attach<queue<int>>(rt, c.path);
  std::error_code ec;
  static_cast<void>(q.receive());  // so that it is joined
  if (c.second == "join") q.send(1);
  std::cout << "waiting" << std::endl;
  if (c.second == "receive") static_cast<void>(q.receive(ec));
  if (c.second == "send") {
    while (!ec) q.send(1, ec);
  }
  if (c.second == "join") {
    try {
      q.join();
    } catch (const std::system_error& failure) {
      ec = failure.code();
    }
  }
  if (c.second == "wait_any") {
    static_cast<void>(bulkhead::wait_any(std::chrono::hours(1), q));
    static_cast<void>(q.try_receive(ec));
  }
  report(ec, "waited");
  const auto fails = [](auto call) {
    try {
      call();
      return false;
    } catch (const std::system_error& failure) {
      return failure.code() == bulkhead::errc::owner_gone &&
             std::string_view(failure.what()).find("queue 'jobs'") != std::string_view::npos;
    }
  };
  const bool all =
      fails([&] { q.send(1); }) && fails([&] { static_cast<void>(q.try_receive()); }) &&
      fails([&] { static_cast<void>(q.sent()); }) && fails([&] { static_cast<void>(q.size()); }) &&
      fails([&] { static_cast<void>(q.closed()); }) &&
      fails([&] { static_cast<void>(q.capacity()); }) &&
      fails([&] { static_cast<void>(q.counters()); }) &&
      fails([&] { static_cast<void>(q.in_flight()); }) &&
      fails([&] { static_cast<void>(q.dead_letters()); });
  std::cout << (all ? "all fail" : "some do not fail") << std::endl;
}

// A child of the attached program attaches, waits, and is asked to stop.
void stop_child(const command& c) {
  bulkhead::runtime rt;
  queue<std::string> said{rt};
  auto child = rt.spawn(
      [](std::string path, queue<std::string> to) {
        auto q = attach<queue<int>>(bulkhead::this_process::runtime(), path);
        static_cast<void>(q.receive());
        to.send("waiting");
        std::error_code ec;
        static_cast<void>(q.receive(ec));
        to.send(ec.message());
      },
      c.path, said);
  std::cout << said.receive() << std::endl;
  child.request_stop();
  std::cout << said.receive() << std::endl;
  child.join();
}

void pass_to_own(const command& c) {
  bulkhead::runtime rt;
  const auto q = attach<queue<int>>(rt, c.path);
  const auto questions = attach<queue<question>>(rt, c.second);
  queue<int> own{rt};
  try {
    rt.spawn([](queue<int>) {}, q).join();
  } catch (const std::system_error& failure) {
    report(failure.code(), "spawn");
  }
  std::error_code ec;
  questions.send({1, own}, ec);
  report(ec, "send");
  for (int n = 0; n < 3; ++n) own.send(n);  // what comes next could go by the ports
  auto d = q.take();
  d.forward(own, 1, ec);
  report(ec, "forward");
}

// Answers calls, on the lines that they bring, till there are no more.
void talk(const command& c) {
  bulkhead::runtime rt;
  const auto calls = attach<queue<call>>(rt, c.path);
  calls.consume([](const call& one) {
    one.line.send(one.line.receive() + " " + std::to_string(one.number));
  });
  std::cout << "closed" << std::endl;
}

// Says one word on the line of a call, and holds the call, or only its line, till it is killed.
void hold_line(const command& c) {
  bulkhead::runtime rt;
  const auto calls = attach<queue<call>>(rt, c.path);
  if (c.second == "line") {
    const call kept = calls.receive();
    kept.line.send("holding");
    wait_for_ever();
  }
  const auto d = calls.take();
  d->line.send("holding");
  wait_for_ever();
}

// Hands calls on, with what it says on their lines.
void hand_on(const command& c) {
  bulkhead::runtime rt;
  const auto in = attach<queue<call>>(rt, c.path);
  const auto out = attach<queue<call>>(rt, c.second);
  const call one = in.receive();
  one.line.send("handed on");
  out.send(one);
  std::cout << (one.line ? "still here" : "gone") << std::endl;
}

void offer_own_line(const command& c) {
  bulkhead::runtime rt;
  const auto calls = attach<queue<call>>(rt, c.path);
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  try {
    calls.send({1, std::move(its)});
  } catch (const std::system_error& failure) {
    report(failure.code(), failure.what());
  }
}

// Publishes calls and makes one, and listens to its line; goes on till it is killed.
void publish_call(const command& c) {
  bulkhead::runtime rt;
  queue<call> calls{rt};
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  calls.send({1, std::move(its)});
  const auto open = bulkhead::publish(rt, c.path, calls);
  std::cout << mine.receive() << std::endl;
  wait_for_ever();
}

// Waits on the line of a call; its end is reported.
void wait_on_line(const command& c) {
  bulkhead::runtime rt;
  const auto calls = attach<queue<call>>(rt, c.path);
  const call one = calls.receive();
  one.line.send("listening");
  std::error_code ec;
  if (c.second == "receive") static_cast<void>(one.line.receive(ec));
  if (c.second == "send") {
    while (!ec) one.line.send("words", ec);
  }
  if (c.second == "wait_any") {
    static_cast<void>(bulkhead::wait_any(std::chrono::hours(1), one.line));
    static_cast<void>(one.line.try_receive(ec));
  }
  report(ec, "waited");
  one.line.send("more", ec);
  report(ec, "send");
}

const std::map<std::string, void (*)(const command&)> commands = {
    {"publish", publish},
    {"try_publish", try_publish},
    {"attach", try_attach<int>},
    {"attach_text", try_attach<std::string>},
    {"hold", hold},
    {"hold_and_ask", hold_and_ask},
    {"send", send},
    {"pass_on", pass_on},
    {"answer", answer},
    {"reject", reject},
    {"wait_in", wait_in},
    {"stop_child", stop_child},
    {"pass_to_own", pass_to_own},
    {"talk", talk},
    {"hold_line", hold_line},
    {"hand_on", hand_on},
    {"offer_own_line", offer_own_line},
    {"publish_call", publish_call},
    {"wait_on_line", wait_on_line},
};

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  if (argc < 3) return 2;
  try {
    commands.at(argv[1])({argv[2], argc > 3 ? argv[3] : ""});
  } catch (const std::exception& failure) {
    std::cout << "failed: " << failure.what() << std::endl;
    return 1;
  }
  return 0;
}
