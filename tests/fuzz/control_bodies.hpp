#pragma once

#include <bulkhead/message.hpp>
#include <cstddef>
#include <span>
#include <vector>

#include "os/control.hpp"

/// Every body of a control datagram (os/control.hpp). A new one is added here.
namespace bulkhead_fuzz {

struct control_body {
  std::vector<std::byte> seed;                    ///< The encoding of one value.
  bool (*read)(std::span<const std::byte> from);  ///< Decodes; sends again what was read.
};

template <class Body>
std::vector<std::byte> encoding_of(const Body& body) {
  std::vector<std::byte> out(bulkhead::detail::encoded_size(body));
  bulkhead::detail::encoder to(out.data());
  bulkhead::detail::encode(to, body);
  if (to.position() != out.data() + out.size()) __builtin_trap();
  return out;
}

template <class Body>
control_body of(const Body& body) {
  return {encoding_of(body), [](std::span<const std::byte> from) {
            Body out;
            if (!bulkhead::detail::decode_all(from, out)) return false;
            // No map or set is in them, so the bytes of a value are the only ones.
            const std::vector<std::byte> again = encoding_of(out);
            if (!std::equal(again.begin(), again.end(), from.begin(), from.end())) __builtin_trap();
            return true;
          }};
}

inline const std::vector<control_body>& control_bodies() {
  namespace control = bulkhead::os::control;
  static const std::vector<control_body> all = {
      of(control::header{control::kind::spawn, 0, -12}),
      of(control::failure{"no memory"}),
      of(control::done{}),
      of(control::hello{1234}),
      of(control::hello_reply{1, 2, 3}),
      of(control::make_queue{.name = "jobs", .shape = {.capacity = 8, .participants = 4}}),
      of(control::deposit{{{1, 7, 3}, {2, 8, 0}}}),
      of(control::mailbox_named{7}),
      of(control::bell_named{7, 1}),
      of(control::queue_named{7}),
      of(control::used_up{7, 12, 1, "unreadable"}),
      of(control::holders_reply{{{1, 1234, "worker"}, {2, 1235, "other"}}}),
      of(control::carry{.queue = 7, .messages = {{12, {1, 2}}, {13, {}}}}),
      of(control::dead_letters_of{7, 8}),
      of(control::queue_reply{7, "jobs"}),
      of(control::seat_reply{1, 2, 3}),
      of(control::make_pipe{"pipe", {1, 4096, 16, 64}, {2, 4096, 16, 64}}),
      of(control::pipe_reply{8}),
      of(control::end_named{9}),
      of(control::end_reply{9, "pipe"}),
      of(control::peer_reply{.name = "peer", .pid = 1234, .status = {.signal = 9}}),
      of(control::spawn{.name = "worker",
                        .setup = control::process_setup{.set = {"A=b"},
                                                        .unset = {"C"},
                                                        .streams = 3,
                                                        .processors = {0, 1},
                                                        .memory_bytes = 1 << 20,
                                                        .command = {"./worker", "-v"}},
                        .watch = control::watch{1'000'000'000, true},
                        .entry = {"build", "/program", 4096},
                        .arguments = std::vector<std::byte>(9),
                        .endpoints = {1, 2, 3}}),
      of(control::spawn_reply{5, 1234}),
      of(control::promote{5, 2}),
      of(control::follow{5, 3, {1, 2, 3, 4}, 1 << 8}),
      of(control::signal{5, 15}),
      of(control::process_named{5}),
      of(control::forget{9}),
      of(control::last_words{bulkhead::death_cause::exception, "std::runtime_error: no"}),
      of(control::publish{.queue = 7,
                          .path = "/run/app/jobs",
                          .name = "jobs",
                          .mode = 0600,
                          .allow = {0, 1000},
                          .type = "job"}),
      of(control::published{3}),
      of(control::attach{.queue_format = 1,
                         .version = "0.1.0",
                         .name = "worker",
                         .type = "job",
                         .fingerprint = 8,
                         .known = {{1, 2}, {3, 4}}}),
      of(control::attach_reply{1, 2, {7, "jobs"}}),
      of(control::exited{.serial = 5, .pid = 1234, .status = {.signal = 11}}),
  };
  return all;
}

}  // namespace bulkhead_fuzz
