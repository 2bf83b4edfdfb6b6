-- Each request makes another user: the moment of the run, the thread, and a counter.
local threads = 0

function setup(thread)
  thread:set("prefix", os.time() .. "-" .. threads)
  threads = threads + 1
end

local made = 0
local headers = { ["Content-Type"] = "application/json" }

function request()
  made = made + 1
  local email = "user-" .. prefix .. "-" .. made .. "@example.com"
  local body = '{"name": "Grace Hopper", "email": "' .. email .. '"}'
  return wrk.format("POST", nil, headers, body)
end
