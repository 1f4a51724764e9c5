#include "process/keeper_support/host.hpp"

#include <poll.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "os/function_name.hpp"

namespace bulkhead_test {

using bulkhead::os::unique_fd;
using control::kind;

bool eventually(const std::function<bool()>& done) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

bool is_gone(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return true;
  const std::size_t after = text.rfind(')');
  return after == std::string::npos || text.compare(after, 3, ") Z") == 0;
}

std::size_t count_descriptors(pid_t pid) {
  const std::filesystem::directory_iterator fds("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(fds), end(fds)));
}

child spawn_by(bulkhead::os::keeper_link& keeper, child_function run, const order& o) {
  control::spawn wanted;
  wanted.name = o.name;
  wanted.resume_key = o.resume_key;
  wanted.may_follow = o.may_follow;
  wanted.entry = bulkhead::os::name_function(reinterpret_cast<const void*>(run));
  wanted.arguments = o.arguments;
  wanted.endpoints = o.endpoints;
  const auto reply = keeper.ask<control::spawn_reply>(kind::spawn, wanted);
  return {reply.serial, reply.pid};
}

host::host() : host(bulkhead::os::start_keeper()) {}

host::host(bulkhead::os::keeper_connection made)
    : greeting(made.greeting),
      keeper(made.control.take()),
      directory(std::move(made.directory)),
      keeper_pidfd(std::move(made.keeper)),
      vault(std::move(made.vault)) {
  std::vector<unique_fd> got;
  keeper.ask<control::done>(kind::subscribe, control::done{}, &got);
  events = bulkhead::os::channel(std::move(got.at(0)));
}

host::~host() {
  keeper.shut_down();
  pollfd ended{keeper_pidfd.get(), POLLIN, 0};
  ::poll(&ended, 1, 5000);
}

control::exited host::end_of(std::uint32_t serial) {
  while (early_.count(serial) == 0) {
    bulkhead::os::child_event told;
    const auto until = std::chrono::steady_clock::now() + 10s;
    if (next_event(events, told, until) != bulkhead::os::receive_result::received) return {};
    if (told.what == kind::exited) early_.emplace(told.event.serial, told.event);
  }
  return early_.extract(serial).mapped();
}

void host::signal(const child& c, int number) {
  keeper.ask<control::done>(kind::signal, control::signal{c.serial, number});
}

void host::stop(const child& c) {
  keeper.ask<control::done>(kind::request_stop, control::process_named{c.serial});
}

control::make_queue host::shape(std::uint32_t participants, std::uint32_t max_attempts) {
  bulkhead::core::queue_shape shape;
  shape.capacity = 16;
  shape.participants = participants;
  shape.max_attempts = max_attempts;
  shape.payload_bytes = 1 << 20;
  shape.fingerprint = 7;
  return {"numbers", shape};
}

host::queue host::make_queue(control::make_queue wanted) {
  if (wanted.shape.capacity == 0) wanted = shape();
  std::vector<unique_fd> got;
  const auto reply = keeper.ask<control::queue_reply>(kind::make_queue, wanted, &got);
  return {reply.queue, std::move(got.at(0))};
}

control::seat_reply host::join(const queue& q) {
  return keeper.ask<control::seat_reply>(kind::join_queue, control::queue_named{q.id});
}

desk host::sit(const queue& q) {
  const control::seat_reply seat = join(q);
  return desk(q.segment.duplicate(), seat.seat, seat.epoch);
}

host::queue host::dead_letters(const queue& q, std::uint64_t fingerprint) {
  std::vector<unique_fd> got;
  const auto reply = keeper.ask<control::queue_reply>(
      kind::dead_letters, control::dead_letters_of{q.id, fingerprint}, &got);
  return {reply.queue, std::move(got.at(0))};
}

}  // namespace bulkhead_test
