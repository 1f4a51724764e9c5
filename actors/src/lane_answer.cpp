#include "lane_answer.hpp"

#include <bulkhead/actors/detail/actor_lane.hpp>
#include <bulkhead/actors/remote_error.hpp>
#include <functional>
#include <vector>

namespace bulkhead::actors::detail {

using bulkhead::detail::call_origin;
using bulkhead::detail::encoder;
using bulkhead::detail::patience;
using bulkhead::detail::pipe_core;

namespace {

void answer(const pipe_core& lane, const call_origin& whose, std::size_t size,
            const std::function<void(encoder&)>& fill) {
  if (whose.generation == 0) return;
  static_cast<void>(
      bulkhead::detail::send_reply_with(lane, whose, size, fill, patience::forever()));
}

}  // namespace

void answer_with_error(const pipe_core& lane, const call_origin& whose, const caf::error& reason,
                       bool marked) {
  const error_record record = record_of(reason);
  const std::size_t mark = marked ? 1 : 0;
  answer(lane, whose, mark + bulkhead::detail::encoded_size(record), [&](encoder& to) {
    if (marked) *to.room(1) = answer_error;
    bulkhead::detail::encode(to, record);
  });
}

lane_answer::~lane_answer() {
  if (!is_answered()) answer_with_error(lane_, whose_, broken_promise());
}

void lane_answer::answered(const compat::message_values& content) {
  if (content.match_elements<caf::error>()) {
    return answer_with_error(lane_, whose_, content.get_as<caf::error>(0));
  }
  if (!codec_->is_output(signature_, content)) {
    return answer_with_error(lane_, whose_, caf::sec::unexpected_response);
  }
  if (codec_->output_names(signature_)) return answer_named(content);
  answer(lane_, whose_, 1 + codec_->output_size(signature_, content), [&](encoder& to) {
    *to.room(1) = answer_values;
    codec_->write_output(signature_, content, to);
  });
}

// Written before there is a place in the lane: making the lanes that it names sends messages
// itself.
void lane_answer::answer_named(const compat::message_values& content) {
  using bulkhead::detail::call_head_bytes;
  std::vector<std::byte> bytes(call_head_bytes + 1 + codec_->output_size(signature_, content));
  bulkhead::detail::write_reply_head(bytes.data(), whose_, false);
  bulkhead::detail::named_endpoints found;
  encoder to(bytes.data() + call_head_bytes, &found);
  *to.room(1) = answer_values;
  codec_->write_output(signature_, content, to);
  const auto* const names = found.ids().empty() ? nullptr : &found.ids();
  static_cast<void>(bulkhead::detail::send_reply_copy(lane_, bytes, names, patience::forever()));
}

}  // namespace bulkhead::actors::detail
