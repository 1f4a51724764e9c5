#pragma once

#include <bulkhead/call_client.hpp>
#include <bulkhead/call_server.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace bulkhead {

/// What the maker of a call lane chooses, for both directions.
struct call_lane_options {
  std::string name = {};  ///< For messages and reports; need not be unique.
  /// Requests without a reply yet: 1 to 8388608.
  std::uint32_t max_in_flight = 1024;
  /// Bytes under way in a direction: 4 KiB to 4 GiB. What is larger than three eighths of it goes
  /// in pieces.
  std::size_t ring_bytes = std::size_t{512} << 10;
};

/// Makes a lane for calls; both ends are this process's, to be moved into arguments of children.
/// @errors as make_pipe.
template <class Request, class Reply>
[[nodiscard]] std::pair<call_client<Request, Reply>, call_server<Request, Reply>> make_calls(
    runtime& rt, const call_lane_options& options = {}) {
  auto ends = detail::pipe_core::make(
      rt,
      {.name = options.name, .capacity = options.max_in_flight, .ring_bytes = options.ring_bytes},
      detail::request_traffic<Request>(), detail::reply_traffic<Reply>());
  return {call_client<Request, Reply>(std::move(ends.first)),
          call_server<Request, Reply>(std::move(ends.second))};
}

}  // namespace bulkhead

// Its asynchronous calls.
#include <bulkhead/detail/async_call_lane.hpp>
