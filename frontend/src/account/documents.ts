import { graphql } from "../api/graphql";

export const ViewerQuery = graphql(`
  query Viewer {
    viewer { name username roles rights }
  }
`);
