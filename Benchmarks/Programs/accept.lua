-- For wrk: GitLab's push event, each with an id of its own. Arguments: token, address of the repository, commit.
local count, run, headers, body = 0, os.time() .. "-", nil, nil

function init(args)
   headers = {
      ["Content-Type"] = "application/json", ["X-Gitlab-Event"] = "Push Hook", ["X-Gitlab-Token"] = args[1]
   }
   -- As long as a push of some commits is.
   local commits = string.rep('{"id":"0","message":"a change","added":[],"modified":["server.js"],"removed":[]},', 80)
   body = '{"object_kind":"push","ref":"refs/heads/main","before":"' .. string.rep("0", 40) .. '","after":"' .. args[3]
      .. '","project":{"git_http_url":"' .. args[2] .. '"},"commits":[' .. commits .. '{}]}'
end

function request()
   count = count + 1
   headers["X-Gitlab-Event-UUID"] = run .. count
   return wrk.format("POST", nil, headers, body)
end
