// Eclipse iceoryx 2: samples loaned from shared memory, with the daemon that it needs (RouDi),
// which this program starts and ends.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <string>

#include <iceoryx_posh/popo/publisher.hpp>
#include <iceoryx_posh/popo/subscriber.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include "common/cast.hpp"

namespace {

class daemon {
 public:
  daemon() {
    int words[2];
    if (pipe(words) != 0) throw std::runtime_error("pipe");
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(words[1], STDOUT_FILENO);
      dup2(words[1], STDERR_FILENO);
      execlp("iox-roudi", "iox-roudi", "--log-level", "verbose", nullptr);
      _exit(127);
    }
    close(words[1]);
    wait_until_ready(words[0]);
  }
  daemon(const daemon&) = delete;
  daemon& operator=(const daemon&) = delete;
  ~daemon() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }

 private:
  static void wait_until_ready(int fd) {
    std::string words;
    char part[512];
    while (words.find("RouDi is ready") == std::string::npos) {
      const ssize_t got = read(fd, part, sizeof part);
      if (got <= 0) throw bench::unsupported("iox-roudi does not start");
      words.append(part, static_cast<std::size_t>(got));
    }
  }
  pid_t pid_;
};

std::string runtime_name() { return "bench-" + std::to_string(getpid()); }

void join_daemon() {
  iox::runtime::PoshRuntime::initRuntime(
      iox::RuntimeName_t(iox::cxx::TruncateToCapacity, runtime_name().c_str()));
}

template <class Message>
class channel {
 public:
  channel(const bench::job& what, unsigned direction)
      : direction_(std::to_string(direction)), slots_(std::min<std::uint64_t>(what.slots, 256)) {
    if (what.producers + what.consumers > 2) throw bench::unsupported("pairs only");
  }

  class out {
   public:
    explicit out(const channel& c) {
      join_daemon();
      iox::popo::PublisherOptions options;
      options.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
      publisher_ = std::make_unique<iox::popo::Publisher<Message>>(c.service(), options);
      while (!publisher_->hasSubscribers()) usleep(1000);
    }
    void send(const Message& m) {
      for (;;) {
        auto sample = publisher_->loan();
        if (sample.has_error()) continue;  // all are under way
        *sample.value() = m;
        sample.value().publish();
        return;
      }
    }

   private:
    std::unique_ptr<iox::popo::Publisher<Message>> publisher_;
  };

  class in {
   public:
    explicit in(const channel& c) {
      join_daemon();
      iox::popo::SubscriberOptions options;
      options.queueCapacity = c.slots_;
      options.queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
      subscriber_ = std::make_unique<iox::popo::Subscriber<Message>>(c.service(), options);
      while (subscriber_->getSubscriptionState() != iox::SubscribeState::SUBSCRIBED) usleep(1000);
    }
    void receive(Message& m) {
      for (;;) {
        auto sample = subscriber_->take();
        if (sample.has_error()) continue;  // nothing yet
        m = *sample.value();
        return;
      }
    }

   private:
    std::unique_ptr<iox::popo::Subscriber<Message>> subscriber_;
  };

  out sender(unsigned) { return out(*this); }
  in receiver(unsigned) { return in(*this); }

 private:
  iox::capro::ServiceDescription service() const {
    return {"bulkhead", "bench",
            iox::capro::IdString_t(iox::cxx::TruncateToCapacity, direction_.c_str())};
  }
  std::string direction_;
  std::uint64_t slots_;
};

void run(const bench::job& what) {
  const daemon started;
  bench::run_channel_of_size<channel>(what);
}

}  // namespace

int main(int argc, char** argv) { return bench::run_program(argc, argv, run); }
